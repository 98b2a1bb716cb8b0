"""Voice model folders in the layout of SpeechBrain's ``EncoderClassifier``, inspected without loading them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from speaker_tracker.events import VoiceModel
from speaker_tracker.models.calibration import read_model
from speaker_tracker.models.errors import ModelError

HYPERPARAMS = "hyperparams.yaml"
EMBEDDED_FOLDER = Path(__file__).parent
"""Folder of the models in this distribution, a folder each."""

DEFAULT_SAME_VOICE_COSINE = 0.25
"""Default threshold of SpeechBrain's ``SpeakerRecognition.verify_batch``."""
DEFAULT_CALIBRATED_SECONDS = 8.0
"""Typical length of the VoxCeleb utterances that this threshold applies to."""
DEFAULT_DIMENSION = 192
"""Length of an embedding of SpeechBrain's ``ECAPA_TDNN`` unless ``lin_neurons`` says otherwise."""


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """An existing model folder, ready to be loaded.

    ``name``: for people. ``path``: the folder. ``model``: identity of its embeddings. ``hint``: how to get a better model, in a
    few words, if there is one; empty otherwise.
    """

    name: str
    path: Path
    model: VoiceModel
    hint: str = ""


def missing_files(folder: Path, names: tuple[str, ...]) -> list[str]:
    """The ``names`` that are missing or empty in ``folder``."""
    return [name for name in names if not _holds_something(folder / name)]


def _holds_something(file: Path) -> bool:
    try:
        return file.is_file() and file.stat().st_size > 0
    except OSError:
        return False


def folder_bytes(folder: Path) -> int:
    """Size of all files in ``folder`` in bytes; 0 if it does not exist or is not readable."""
    try:
        return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    except OSError:
        return 0


def read_folder(folder: Path) -> ModelFolder:
    """Reads a model folder's description; the weights are not opened.

    The folder must have ``hyperparams.yaml`` and the weight files that its ``pretrainer`` names. Without ``calibration.json``, the
    name is the folder's, the dimension ``lin_neurons`` of the embedding model, and ``same_voice_cosine`` SpeechBrain's verification
    threshold. Raises ``ModelError``.
    """
    if not folder.is_dir():
        raise ModelError(f"{folder} is no folder; a model is a folder with {HYPERPARAMS} and the weights that it names")
    hyperparams = _read_hyperparams(folder)
    missing = missing_files(folder, _weight_files(folder, hyperparams))
    if missing:
        raise ModelError(f"model folder {folder} lacks {', '.join(missing)}, named by its {HYPERPARAMS}")
    model = _voice_model(folder, hyperparams)
    return ModelFolder(model.name, folder, model)


class _TagsIgnored(yaml.SafeLoader):
    """A loader that reads HyperPyYAML as plain YAML: tags such as ``!new:`` are ignored."""


def _plain(loader: yaml.SafeLoader, _: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


_TagsIgnored.add_multi_constructor("!", _plain)


def _read_hyperparams(folder: Path) -> dict[str, Any]:
    file = folder / HYPERPARAMS
    try:
        loaded = yaml.load(file.read_text(encoding="utf-8"), Loader=_TagsIgnored)  # noqa: S506 - derived from SafeLoader
    except FileNotFoundError as error:
        raise ModelError(f"{folder} is no model folder: it has no {HYPERPARAMS}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ModelError(f"{file} is not readable as YAML: {' '.join(str(error).split())}") from error
    if not isinstance(loaded, dict):
        raise ModelError(f"{file} holds no hyperparameters by name")
    return loaded


def _weight_files(folder: Path, hyperparams: dict[str, Any]) -> tuple[str, ...]:
    pretrainer = hyperparams.get("pretrainer")
    if not isinstance(pretrainer, dict) or not isinstance(pretrainer.get("loadables"), dict):
        raise ModelError(f"{folder / HYPERPARAMS} names no weights to load: it has no pretrainer with loadables")
    loadables: dict[str, Any] = pretrainer["loadables"]
    paths: dict[str, Any] = pretrainer.get("paths") or {}
    return tuple(str(paths.get(name, f"{name}.ckpt")).rpartition("/")[2] for name in loadables)


def _voice_model(folder: Path, hyperparams: dict[str, Any]) -> VoiceModel:
    embedding_model = hyperparams.get("embedding_model")
    dimension = embedding_model.get("lin_neurons") if isinstance(embedding_model, dict) else None
    return read_model(
        folder,
        name=folder.resolve().name,
        dimension=dimension if isinstance(dimension, int) else DEFAULT_DIMENSION,
        same_voice_cosine=DEFAULT_SAME_VOICE_COSINE,
        calibrated_seconds=DEFAULT_CALIBRATED_SECONDS,
    )
