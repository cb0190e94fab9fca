# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command ``prune amc``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .. import files, networks
from ..errors import InputError
from ..recipe.aims import parse_target
from ..recipe.modifiers import Rate
from ..recipe.schema import Optimizer, Prune, Stage, Statistics, Train
from ..removal import remove
from . import amc
from .channel_budget import plan_of
from .channel_subject import REPAIRS, read_repairs
from .command import add_subject, check_bounds, chosen_subject, run_with
from .subject import Arrays, Subject

_BOUNDS = {
    "episodes": (1, 1e6), "warmup": (1, 1e6), "rows": (1, 1e9), "calibration": (1, 1e6),
    "lower": (1e-6, 0.99), "round_to": (1, 1e6), "epochs": (0, 1e6), "seed": (0, 2**31),
}  # fmt: skip


def add_parser(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command to a parser."""
    parser = parsers.add_parser(
        "amc", help="channels of each layer for a budget, found by reinforcement learning"
    )
    parser.set_defaults(run=run_amc)
    add_subject(parser)
    parser.add_argument(
        "--target", required=True, metavar="macs=AMOUNT",
        help="multiplications; below 1 a share of the dense network's",
    )  # fmt: skip
    parser.add_argument("--episodes", type=int, default=300, help="networks to try (default: 300)")
    parser.add_argument(
        "--warmup", type=int, default=100, help="random ones before the agent learns (default: 100)"
    )
    parser.add_argument(
        "--rows", type=int, default=1000, help="validation rows of a reward (default: 1000)"
    )
    parser.add_argument(
        "--calibration", type=int, default=500,
        help="training rows, without labels, that a network is repaired on (default: 500)",
    )  # fmt: skip
    parser.add_argument(
        "--repair", default="weights",
        help=f"some of {','.join(REPAIRS)}: weights by least squares, statistics of batch "
        "normalizations; or none (default: weights)",
    )  # fmt: skip
    parser.add_argument(
        "--lower", type=float, default=0.2, help="least share of channels that stays (default: 0.2)"
    )
    parser.add_argument(
        "--round-to", type=int, default=1, help="keep multiples of so many channels (default: 1)"
    )
    parser.add_argument(
        "--reward", default="accuracy", choices=("accuracy", "error-macs"),
        help="accuracy, or less the share of errors times the logarithm of the multiplications",
    )  # fmt: skip
    parser.add_argument(
        "--epochs", type=int, default=0, help="fine-tuning of both networks (default: 0)"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of the agent")
    parser.add_argument("--out", default="out/amc", help="folder (default: out/amc)")


def run_amc(arguments: argparse.Namespace) -> None:
    """Goes on from what the folder holds of the same search."""
    check_bounds(arguments, _BOUNDS)
    name, amount = parse_target(arguments.target, None).chosen()
    if name != "macs":
        raise InputError(f"amc meets macs, got {name}")
    read_repairs(arguments.repair)
    amc.require()
    from .amc_environment import features_of
    from .ddpg import Settings

    subject = chosen_subject(arguments)
    evaluate = amc.Evaluation(subject, arguments.rows, arguments.calibration, arguments.repair)
    channels = evaluate.channel_subject().channels
    plan = plan_of(channels, amount, arguments.lower, arguments.round_to)
    settings = Settings(warmup=arguments.warmup, seed=arguments.seed)
    search = amc.Amc(plan, features_of(channels), arguments.episodes, settings, arguments.reward)
    folder = files.make_folder(arguments.out)
    question = {
        **evaluate.question(), "target": plan.target, "lower": arguments.lower,
        "round_to": arguments.round_to, "reward": arguments.reward, "seed": arguments.seed,
        "warmup": arguments.warmup,
    }  # fmt: skip
    found = run_with(search, evaluate, arguments.workers, folder / "search.json", question)
    _report(folder, found, evaluate, arguments.epochs, arguments.seed)


def _report(
    folder: Path, found: dict[str, Any], evaluate: amc.Evaluation, epochs: int, seed: int
) -> None:
    """Writes both networks and prints them side by side."""
    loaded = evaluate.subject.load()
    rows = {}
    for name, kept in (("amc", found["kept"]), ("uniform", found["uniform"]["kept"])):
        values = evaluate.channel_subject().pruned(tuple(kept)).values
        if epochs:
            values = trained(evaluate.subject, values, epochs, seed)
        removed = remove(loaded.network, values, loaded.data.validation)
        rows[name] = {**loaded.score(values), "macs": removed.macs, "difference": removed.error}
        files.write_arrays(folder / ("values.npz" if name == "amc" else "uniform.npz"), values)
        if name == "amc":
            files.write_bytes(folder / "compact.mlirbc", removed.module.to_bytecode())
    files.write_json(folder / "amc.json", {**found, "epochs": epochs, "networks": rows})
    sys.stdout.write(table_text({**found, "networks": rows}))
    print(f"{len(found['episodes'])} episodes; networks are in {folder}")


def table_text(found: Mapping[str, Any]) -> str:
    """Channels of all groups in Markdown, and what came of the budget; of ``amc.json``."""
    lines = ["| channels of | all | amc | uniform |", "|---|---|---|---|"]
    table = zip(found["groups"], found["channels"], found["kept"], found["uniform"]["kept"],
                strict=True)  # fmt: skip
    for weights, total, kept, uniform in table:
        more = f" and {len(weights) - 1} more" if len(weights) > 1 else ""
        lines.append(f"| {weights[0]}{more} | {total} | {kept} | {uniform} |")
    requested, dense = found["requested"], found["dense"]
    for name, row in found["networks"].items():
        off = row["macs"] / requested - 1
        lines.append(
            f"{name}: macs requested {requested:,.0f}, realised {row['macs']:,} ({off:+.1%}), "
            f"dense {dense:,.0f}; {row['accuracy']:.2f} % of the validation rows, "
            f"{row['drop']:+.2f} ± {row['error']:.2f} points lost"
        )
    return "\n".join(lines) + "\n"


def trained(subject: Subject, values: Arrays, epochs: int, seed: int) -> Arrays:
    """Fine-tunes a network; what is zero stays so."""
    from ..training.trainer import Trainer

    loaded = subject.load()
    stages: list[Stage] = [
        Prune(name="prune", threshold=0.0),
        Train(name="train", epochs=epochs, optimizer=Optimizer(weight_decay=1e-4),
              learning_rate=Rate(1e-3, schedule="cosine")),
    ]  # fmt: skip
    if networks.has_statistics(loaded.network):
        stages.append(Statistics(name="statistics", batches=20))
    recipe = replace(subject.parts, stages=tuple(stages), seed=seed, threads=subject.threads)
    with TemporaryDirectory() as folder:
        trainer = Trainer(recipe, loaded.data, Path(folder), start=values)
        trainer.run()
        arrays = trainer.folded_arrays()
    return {name: arrays[name] for name in loaded.values}
