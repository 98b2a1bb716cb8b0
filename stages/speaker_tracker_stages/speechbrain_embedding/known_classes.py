"""Hyperparameters of a model folder that make objects of known classes alone, so that loading a folder runs no code of its own.

HyperPyYAML, the language of ``hyperparams.yaml``, makes any Python object and calls any function that a file names: by its tags
(``!new:``, ``!name:``, ``!apply:``, ``!applyref:``, ``!module:``, ``!!python/...``), by files that it includes (``!include:``), and
by tags inside of what is written like a tuple, ``(...)``. Here HyperPyYAML reads a document as ever, but by a loader that looks at
every node before the first object is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from speaker_tracker.models import ModelError
from speaker_tracker.models.folder import HYPERPARAMS

KNOWN_CLASSES = frozenset(
    {
        "speaker_tracker_stages.ecapa_mini_network.EcapaMini",
        "speechbrain.dataio.encoder.CategoricalEncoder",
        "speechbrain.lobes.features.Fbank",
        "speechbrain.lobes.features.MFCC",
        "speechbrain.lobes.models.ECAPA_TDNN.Classifier",
        "speechbrain.lobes.models.ECAPA_TDNN.ECAPA_TDNN",
        "speechbrain.lobes.models.ResNet.Classifier",
        "speechbrain.lobes.models.ResNet.ResNet",
        "speechbrain.lobes.models.Xvector.Classifier",
        "speechbrain.lobes.models.Xvector.Xvector",
        "speechbrain.processing.features.InputNormalization",
        "speechbrain.utils.parameter_transfer.Pretrainer",
        "torch.nn.ELU",
        "torch.nn.GELU",
        "torch.nn.LeakyReLU",
        "torch.nn.ReLU",
        "torch.nn.SiLU",
        "torch.nn.Tanh",
    }
)
"""What hyperparameters may name: the classes of SpeechBrain's ECAPA-TDNN, x-vector and ResNet models, and of ``ecapa-mini``."""
NAMING_TAGS = ("!new:", "!name:")
"""Tags before the name of a class, for an object of it and for the class itself."""
REFERENCE_TAGS = frozenset({"!ref", "!copy"})
PLAIN_TAG = "tag:yaml.org,2002:"
PLAIN_KINDS = frozenset(
    {"binary", "bool", "float", "int", "map", "merge", "null", "omap", "pairs", "seq", "set", "str", "timestamp", "value"}
)
TUPLE_TAG = "!tuple"
MOST_BYTES = 1 << 20
"""The longest hyperparameters that are read."""
REMEDY = "if you trust whoever made it, set trust_folder"


def load_hyperparameters(folder: Path) -> dict[str, Any]:
    """The objects that ``hyperparams.yaml`` in ``folder`` describes, by name.

    Raises ``ModelError`` where the folder could run code: where the file names anything but ``KNOWN_CLASSES`` or includes another
    file. Raises what HyperPyYAML and the classes raise where their arguments are wrong.
    """
    from hyperpyyaml import load_hyperpyyaml  # noqa: PLC0415 - comes with SpeechBrain, not with the command line

    text = _checked_text(folder)
    # A stream without a name: files that a document includes would be looked up beside it.
    objects: dict[str, Any] = load_hyperpyyaml(StringIO(text), loader=_guarded_loader(folder))
    return objects


def check_folder(folder: Path) -> None:
    """Raises ``ModelError`` where the model in ``folder`` could run code, as ``load_hyperparameters`` does; makes no object."""
    _checked_text(folder)


def _checked_text(folder: Path) -> str:
    from ruamel.yaml import YAML  # noqa: PLC0415 - comes with HyperPyYAML
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    file = folder / HYPERPARAMS
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ModelError(f"{file} is longer than {MOST_BYTES} bytes, which no model needs")
        text = file.read_text(encoding="utf-8")
        # The kind of parser by which HyperPyYAML follows references, includes files and calls what `!applyref:` names.
        root = YAML().compose(text)
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise ModelError(f"{file} is not readable as YAML: {' '.join(str(error).split())}") from error
    _check(folder, root, references=True)
    return text


def _guarded_loader(folder: Path) -> type[Any]:
    """The loader for what HyperPyYAML makes of the text, with references resolved. A class, as it adds constructors to it."""
    from ruamel.yaml.loader import SafeLoader  # noqa: PLC0415

    class GuardedLoader(SafeLoader):
        def construct_document(self, node: Any) -> Any:
            _check(folder, node, references=False)
            return super().construct_document(node)

    return GuardedLoader


def _check(folder: Path, root: Any, *, references: bool) -> None:
    refused = sorted({name for node in _nodes(root) if (name := _refused(node, references=references))})
    if refused:
        raise ModelError(
            f"the model folder {folder} could run code, as its {HYPERPARAMS} names {', '.join(refused)}, and was not loaded; "
            f"{REMEDY}"
        )


def _refused(node: Any, *, references: bool) -> str | None:
    """What ``node`` names that is not known; None where all is known."""
    tag = str(node.tag)
    for naming in NAMING_TAGS:
        if tag.startswith(naming):
            name = tag.removeprefix(naming)
            return None if name in KNOWN_CLASSES else name
    text = node.value if isinstance(node.value, str) else ""
    # HyperPyYAML reads a tuple as a document of its own, by a loader that knows all tags, and a string in quotes may become one.
    if text.startswith("(") and "!" in text:
        return text
    if tag == TUPLE_TAG:
        return None
    if tag.startswith(PLAIN_TAG) and tag.removeprefix(PLAIN_TAG) in PLAIN_KINDS:
        return None
    if references and tag in REFERENCE_TAGS:
        return None
    return tag.replace(PLAIN_TAG, "!!")


def _nodes(root: Any) -> Iterator[Any]:
    """All nodes of a document, each once, however often it is referred to."""
    seen: set[int] = set()
    left = [] if root is None else [root]
    while left:
        node = left.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node.value, list):
            left.extend(part for entry in node.value for part in (entry if isinstance(entry, tuple) else (entry,)))
