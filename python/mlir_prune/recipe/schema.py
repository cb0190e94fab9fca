# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Recipes: everything that decides a run, as a tree of dataclasses.

A recipe is a list of stages over one network and one data set. Every key has
a default where one makes sense; `docs/RecipeKeys.md` is made from this file.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from .keys import key, short
from .modifiers import (
    Admm,
    Distill,
    Gates,
    Gradual,
    Modifier,
    Rate,
    Regularize,
    Rigl,
    Select,
    StraightThrough,
)

CRITERIA = (
    "magnitude", "wanda", "apoz", "mean_activation", "batch_norm_scale", "geometric_median",
    "random", "taylor", "snip", "obd", "thinet",
)  # fmt: skip
THINET = "thinet"
"""The criterion that is about channels that leave together only."""
NETWORKS = ("mlp", "lenet5_caffe", "vgg_like", "resnet20", "resnet56")


@short("name")
@dataclass(frozen=True)
class Model:
    """The network."""

    name: str = key("Builder of the network.", "mlp", choices=NETWORKS)
    widths: tuple[int, ...] = key(
        "Features of mlp from the input to the logits; 300 and 100 between those of the data "
        "set if empty.",
        (), above=0, high=1_000_000,
    )  # fmt: skip
    activation: str = key("Activation between the layers of mlp: relu, sigmoid or tanh.", "relu")
    shortcut: str = key("Shortcuts of the residual networks.", "A", choices=("A", "B"))
    file: str = key("Network to start from instead: .onnx, .pt2 (torch.export.save) or .mlir.", "")
    class_dimension: int | None = key(
        "Dimension of the result of a network from a file that the classes are, with the batch "
        "as 0; if empty the last one of up to three, else 1.",
        None, above=0, high=100,
    )  # fmt: skip
    dropout: dict[str, float] = key(
        "Dropout rates of what a weight reads, by name of the weight.",
        factory=dict, low=0, below=1,
    )  # fmt: skip


@dataclass(frozen=True)
class Splits:
    """Shares of the rows that train; the test part is not touched."""

    validation: float | None = key(
        "Share of the training rows that makes all choices; that of the data set if empty.",
        None, above=0, below=1,
    )  # fmt: skip
    gates: float = key(
        "Share of the remaining rows that trains gates in bi-level stages.", 0.0, low=0, below=1
    )


@short("name")
@dataclass(frozen=True)
class Optimizer:
    """Optimizer of the weights."""

    name: str = key("Optimizer.", "adam", choices=("sgd", "adam"))
    momentum: float = key("Momentum of sgd.", 0.9, low=0, below=1)
    nesterov: bool = key("Nesterov's form of momentum.", False)
    beta1: float = key("Decay of Adam's first moment.", 0.9, low=0, below=1)
    beta2: float = key("Decay of Adam's second moment.", 0.999, low=0, below=1)
    epsilon: float = key("Term of Adam's denominator.", 1e-8, above=0)
    weight_decay: float = key("Share of a weight that is added to its gradient.", 0.0, low=0)
    decay_roles: tuple[str, ...] = key("Roles that decay applies to.", ("weight",))


@dataclass(frozen=True)
class Train:
    """A training stage: dense, sparse, fine-tuning, gates and so on."""

    kind: str = key("Kind of the stage.", "train", choices=("train",))
    name: str = key("Name in the history; the kind and a number if empty.", "")
    start: str = key(
        "Stage whose values to start from: empty for the one before, `initial` for the fresh "
        "values.",
        "",
    )
    epochs: int = key(
        "Length; a stage of none only scores what it starts from.", 20, unit="epochs", low=0,
        high=1_000_000,
    )  # fmt: skip
    batch: int | None = key("Rows of a batch; the recipe's if empty.", None, unit="rows", above=0)
    rows: str = key("Rows to train on: all but validation, or without those of the gates.",
                    "merged", choices=("merged", "train"))  # fmt: skip
    optimizer: Optimizer = key("Optimizer; a name or a mapping.", factory=Optimizer)
    learning_rate: Rate = key("Learning rate; a number or a schedule.", factory=Rate)
    reset_optimizer: bool = key("Begin with fresh moments.", True)
    keep: str = key(
        "Values that leave the stage: of the last epoch, of the best on the validation part "
        "(accuracy, then loss), or the mean over the epochs of its second half (Izmailov et al. "
        "2018).",
        "last", choices=("last", "best", "mean"),
    )  # fmt: skip
    mask: bool = key("Hold the zeros of earlier stages; false lets them learn again.", True)
    compressed: str = key(
        "Train a weight of which enough is held at zero as the values that are left, which is "
        "faster: `auto` where masks do not move and no group needs the shape, or `never`. Sums "
        "are then in another order, so the last bits differ.",
        "auto", choices=("auto", "never"),
    )  # fmt: skip
    dropout: bool = key("Apply the dropout of the model.", True)
    regularize: tuple[Regularize, ...] = key("Penalties; one or a list.", ())
    freeze: Select | None = key("Parameters that do not learn; no gradient is computed.", None)
    gradual: Gradual | None = key("Gradual magnitude pruning.", None)
    rigl: Rigl | None = key("Masks that move.", None)
    straight_through: StraightThrough | None = key("Masks chosen anew in every step.", None)
    admm: Admm | None = key("Alternating directions.", None)
    gates: Gates | None = key("Trainable gates.", None)
    distill: Distill | None = key("Soft labels from the network of the reference stage.", None)


    def modifiers(self) -> list[tuple[str, Modifier]]:
        """The methods of the stage by their keys, in the order of the keys."""
        found = ((each.name, getattr(self, each.name)) for each in fields(self))
        return [(name, rule) for name, rule in found if isinstance(rule, Modifier)]


@dataclass(frozen=True)
class Trials:
    """Several rules tried one after the other; the sparsest that is accurate enough goes on.

    Each candidate trains for `epochs` like the training stage that follows. The
    sparsest whose validation accuracy is at least that of the reference stage
    minus `tolerance` wins, else the most accurate.
    """

    std_factor: tuple[float, ...] = key("Factors to try.", (), low=0)
    sparsity: tuple[float, ...] = key("Sparsities to try.", (), low=0, below=1)
    epochs: int = key("Length of a trial.", 5, unit="epochs", above=0)
    tolerance: float = key("Accuracy that may be lost.", 0.3, unit="percentage points", low=0)


@short("points")
@dataclass(frozen=True)
class MaxDrop:
    """A search for the sparsest network within some points of the dense one.

    Rounds prune and train until the tolerance is used up; then the sparsest round whose
    fine-tuning holds it on the validation rows is kept, and the dense network if none does.
    Strengths and ratios are relative to the network's own loss and weights. `retrain` says how
    candidates train; their lengths, penalties and schedules are the search's.
    """

    points: float = key("Accuracy that may be lost on the validation rows.",
                        unit="percentage points", low=0, high=100)  # fmt: skip
    epochs: int | None = key(
        "Length of all training of the search; if empty 160,000 steps, but 300 to 1,000 epochs.",
        None, unit="epochs", above=0,
    )  # fmt: skip
    minutes: float | None = key(
        "Time of all training of the search; the values then depend on the computer's speed.",
        None, unit="minutes", above=0,
    )  # fmt: skip
    confidence: float | None = key(
        "Standard errors of the comparison that a drop is raised by before it is held against "
        "`points`; if empty 0.75 with 5,000 validation rows or more, 1.5 with 500 or less.",
        None, low=0, high=10,
    )  # fmt: skip
    keep: float = key("Share of the weights that stays in a round.", 0.7, above=0, below=1)


@dataclass(frozen=True)
class Target:
    """A budget of the network, one of five; a number below 1 is a share of the dense network.

    The sparsities of all weights that meet it are found by `allocation`.
    """

    sparsity: float | None = key("Share of all weights that is zero.", None, above=0, below=1)
    parameters: float | None = key("Weights that are left.", None, above=0)
    macs: float | None = key("Multiplications of weights that are left, for one row.", None, above=0)
    bytes: float | None = key(
        "Bytes of the weights: four for each that is left, and a bit for each that says which.",
        None, above=0,
    )  # fmt: skip
    ms: float | None = key(
        "Milliseconds of the compiled network on this computer.", None, above=0,
    )  # fmt: skip
    batch: int = key("Rows of a call that is timed.", 1, above=0, high=100_000)
    allocation: str = key(
        "The same sparsity everywhere, the largest weights relative to their layers (or the "
        "highest scores of another criterion), or the least sum of losses that each layer alone "
        "causes (a dynamic programme).",
        "program", choices=("uniform", "global", "program"),
    )  # fmt: skip

    def chosen(self) -> tuple[str, float]:
        """The resource and its number."""
        named = [(name, getattr(self, name)) for name in RESOURCES]
        return next((name, value) for name, value in named if value is not None)


RESOURCES = ("sparsity", "parameters", "macs", "bytes", "ms")
"""What a target can be about."""


@dataclass(frozen=True)
class Prune:
    """A pruning stage: weights become zero, by one of the rules."""

    kind: str = key("Kind of the stage.", "prune", choices=("prune",))
    name: str = key("Name in the history; the kind and a number if empty.", "")
    std_factor: float | dict[str, float] | None = key(
        "Threshold in standard deviations of the weight (Han et al. 2015), for all or by "
        "pattern; a weight that none matches stays.",
        None, low=0,
    )  # fmt: skip
    threshold: float | dict[str, float] | None = key(
        "Absolute threshold, for all or by pattern.", None, low=0
    )
    sparsity: float | dict[str, float] | None = key(
        "Share of the weights that is pruned, for all or by pattern.", None, low=0, below=1
    )
    sensitivity: float | None = key(
        "Accuracy that each weight alone may cost on validation rows: its sparsity is the largest "
        "of 0.1 to 0.9 that costs no more.",
        None, unit="percentage points", low=0, high=100,
    )  # fmt: skip
    target: Target | None = key("Sparsities that meet a budget of the network.", None)
    scope: str = key(
        "What a sparsity is over: each weight (`tensor`), each output channel (`row`), all weights "
        "of a pattern ranked together (`global`) or by LAMP scores (`lamp`, Lee et al. 2021), or "
        "each weight with its share by Erdos-Renyi-Kernel (`erk`, Evci et al. 2020).",
        "tensor", choices=("tensor", "row", "global", "erk", "lamp"),
    )  # fmt: skip
    granularity: str = key(
        "What is pruned together: `unstructured`, `filter_plane`, `channel:<axis>`, `vector:<axis>`, "
        "both also for some indices, as in `channel:64:0`, `block:<n>x<m>`, `n_of_m:<n>:<m>:<axis>`; "
        "`coupled_channels` are output channels that leave in all layers that they are tied to, as "
        "by a residual add, and that `compact` removes.",
        "unstructured",
    )
    criterion: str = key(
        "What makes a weight important: its magnitude, what it does to rows of data (`wanda`, "
        "`apoz`, `mean_activation`), the gradient of the loss of mini-batches (`taylor`), of all rows "
        "(`snip`) or its square (`obd`), the batch normalization behind it, its distance from the "
        "other filters, what the layers behind lack without it (`thinet`, for `coupled_channels`), "
        "or chance.",
        "magnitude", choices=CRITERIA,
    )  # fmt: skip
    seed: int | None = key("Seed of `random`; the recipe's if empty.", None, low=0)
    evidence_rows: int = key(
        "Training rows that go through the network for criteria that need rows, in whole "
        "batches.",
        1024, unit="rows", above=0,
    )  # fmt: skip
    cap: float | dict[str, float] | None = key(
        "Largest share of a weight that may be pruned, for all or by pattern.", None, low=0, high=1
    )
    round_to: int = key("Keep a multiple of so many channels.", 1, above=0, high=1_000_000)
    exclude_ends: bool = key("Leave the first and the last layers alone.", False)
    targets: tuple[str, ...] = key("Weights to prune.", ("weight",))
    ignore: tuple[str, ...] = key("Weights to leave alone.", ())
    trials: Trials | None = key("Choose the rule on the validation part.", None)
    max_drop: MaxDrop | None = key(
        "Prune as far as the accuracy allows, instead of by a rule.", None
    )
    iterations: int = key(
        "Times to prune and train again; each prunes what the one before has left. With `sparsity` "
        "the `schedule` says how much each prunes.", 1,
        above=0, high=1000,
    )  # fmt: skip
    schedule: str = key(
        "How iterations come to a sparsity: each prunes to all of it (`once`), or they keep the "
        "same share of what is left (`geometric`, as in iterative pruning), take equal steps "
        "(`linear`) or ever smaller ones (`cubic`, Zhu and Gupta 2017).",
        "once", choices=("once", "geometric", "linear", "cubic"),
    )  # fmt: skip
    retrain: Train | None = key("Training of each iteration.", None)
    reinitialize: bool = key(
        "Give the remaining weights their first values back, which loses accuracy (Han et al. 2015).",
        False,
    )
    rewind: str = key(
        "Training stage whose values the remaining weights get back, with all other parameters "
        "(lottery tickets with rewinding, Frankle et al. 2020); `initial` for the first values. "
        "Empty where they keep theirs.",
        "",
    )  # fmt: skip
    dropout: str = key(
        "`adjust` multiplies each rate by sqrt(weights left / weights) (Han et al. 2015).",
        "keep", choices=("keep", "adjust"),
    )  # fmt: skip


@dataclass(frozen=True)
class Compact:
    """Removes neurons and filters that are dead, exactly, and goes on with the smaller network.

    Moments and masks shrink with their parameters.
    """

    kind: str = key("Kind of the stage.", "compact", choices=("compact",))
    name: str = key("Name in the history; the kind and a number if empty.", "")


@dataclass(frozen=True)
class Statistics:
    """Measures the running statistics of batch normalizations again; nothing is trained.

    Pruning changes what the layers compute, and the statistics with it. They become
    the mean over the batches.
    """

    kind: str = key("Kind of the stage.", "statistics", choices=("statistics",))
    name: str = key("Name in the history; the kind and a number if empty.", "")
    batches: int = key("Batches to measure on; at most one epoch.", 200, above=0)


Stage = Train | Prune | Compact | Statistics
STAGES: dict[str, type] = {
    "train": Train,
    "prune": Prune,
    "compact": Compact,
    "statistics": Statistics,
}


@dataclass(frozen=True)
class Bench:
    """Timing of the compiled networks by `prune compress` and `prune demo`."""

    batches: tuple[int, ...] = key("Batches to time.", (1, 64), unit="rows", above=0)
    threads: int = key("Threads of the compiled code.", 1, above=0, high=1024)
    rounds: int = key("Rounds in which the networks alternate.", 15, above=0, high=1000)
    min_seconds: float = key("Length of a measurement.", 0.02, unit="seconds", above=0, high=60)


@dataclass(frozen=True)
class Recipe:
    """A whole run."""

    method: str = key("Name of the method in tables and figures.", "")
    dataset: str = key(
        "`digits`, `mnist`, `cifar10`, `idx:` and a folder, or the path of an .npz file: see "
        "the data sets below.",
        "digits",
    )
    seed: int = key("Seed of the first values and of the batches.", 1, low=0)
    batch: int = key("Rows of a training batch.", 64, unit="rows", above=0)
    threads: int = key(
        "Threads of the compiled code; the values do not depend on it.", 1, above=0, high=1024
    )
    fold_borders: bool = key(
        "Whether constant filters leave through padding, for a bias with a value for every "
        "position.",
        False,
    )
    model: Model = key("Network; a name or a mapping.", factory=Model)
    splits: Splits = key("Parts of the training rows.", factory=Splits)
    reference: str = key(
        "Stage whose network is called dense. If empty it is the first training stage before "
        "anything is pruned; without one, and with `initial`, it is the network as it came.",
        "",
    )
    stages: tuple[Stage, ...] = key("What is done, in order.", ())
    bench: Bench = key("Timing.", factory=Bench)
