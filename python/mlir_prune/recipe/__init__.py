# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Recipes: what decides a run, as YAML that is read strictly."""

from .check import check
from .load import default_recipe, dump_recipe, find_recipe, from_dict, load_recipe
from .reference import stage_names
from .schema import Bench, Compact, Model, Optimizer, Prune, Recipe, Splits, Stage, Train, Trials

__all__ = [
    "Bench",
    "Compact",
    "Model",
    "Optimizer",
    "Prune",
    "Recipe",
    "Splits",
    "Stage",
    "Train",
    "Trials",
    "check",
    "default_recipe",
    "dump_recipe",
    "find_recipe",
    "from_dict",
    "load_recipe",
    "stage_names",
]
