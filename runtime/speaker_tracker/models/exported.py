"""Voice models exported for ONNX Runtime: a folder with the network, the constants of its features, and its calibration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from speaker_tracker.events import VoiceModel
from speaker_tracker.models.calibration import CALIBRATION, lacking, read_model
from speaker_tracker.models.catalogue import EMBEDDED, HUB_MODEL, cache_folder
from speaker_tracker.models.errors import ModelError
from speaker_tracker.models.folder import missing_files

Precision: TypeAlias = Literal["float32", "int8"]

NETWORKS: dict[Precision, str] = {"float32": "network.onnx", "int8": "network.int8.onnx"}
FEATURES = "features.npz"
EXPORT_COMMAND = "speaker-tracker models export"
KNOWN = {"hub": HUB_MODEL.name, "embedded": EMBEDDED.name}
"""Models by the source that names them, the better one first."""


@dataclass(frozen=True, slots=True)
class ExportedModel:
    """An existing exported model. ``network``: the ONNX file. ``features``: constants of ``LogMel``, saved by NumPy's ``savez``."""

    folder: Path
    network: Path
    features: Path
    model: VoiceModel


def exported_folder(cache: Path | None, name: str) -> Path:
    """Folder where the export of the model ``name`` is or would be; ``cache`` as for ``cache_folder``."""
    return cache_folder(cache) / "onnx" / name


def resolve_exported(source: str, precision: Precision, cache: Path | None) -> ExportedModel:
    """The exported model that ``source`` names.

    ``source``: ``auto`` (the export of the hub's model if it is there, else that of the embedded one), ``hub``, ``embedded``, or
    the path of a folder that ``speaker-tracker models export`` made. ``cache`` as for ``cache_folder``. Raises ``ModelError``.
    """
    if source == "auto":
        there = [name for name in KNOWN.values() if exported_folder(cache, name).is_dir()]
        if not there:
            raise ModelError(f"no model has been exported to {cache_folder(cache) / 'onnx'}; run `{EXPORT_COMMAND}`")
        return _read(exported_folder(cache, there[0]), precision)
    if source in KNOWN:
        folder = exported_folder(cache, KNOWN[source])
        if not folder.is_dir():
            raise ModelError(f"{KNOWN[source]} has not been exported to {folder}; run `{EXPORT_COMMAND} --source {source}`")
        return _read(folder, precision)
    folder = Path(source).expanduser()
    if not folder.is_dir():
        raise ModelError(
            f"{source!r} is no exported model: it is 'auto', 'embedded', 'hub' or the path of a folder that `{EXPORT_COMMAND}` made"
        )
    return _read(folder, precision)


def _read(folder: Path, precision: Precision) -> ExportedModel:
    missing = missing_files(folder, (NETWORKS["float32"], FEATURES, CALIBRATION))
    if missing:
        raise ModelError(f"{folder} is no exported model: it lacks {', '.join(missing)}; `{EXPORT_COMMAND}` makes one")
    if missing_files(folder, (NETWORKS[precision],)):
        raise ModelError(f"{folder} has no network in {precision}; set the precision to float32 or export the model again")
    if incomplete := lacking(folder):
        raise ModelError(f"{folder / CALIBRATION} lacks {incomplete[0]}; `{EXPORT_COMMAND}` makes it anew")
    model = read_model(folder, name=folder.name, dimension=1, same_voice_cosine=0.0, calibrated_seconds=1.0)
    if precision == "int8":
        model = replace(model, name=f"{model.name}-int8")
    return ExportedModel(folder, folder / NETWORKS[precision], folder / FEATURES, model)
