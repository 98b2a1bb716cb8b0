"""The known models, their folders, and the resolution of sources to models. Works offline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import platformdirs

from speaker_tracker.events import VoiceCalibration, VoiceModel
from speaker_tracker.models import campplus, pyannote_segmentation
from speaker_tracker.models.calibration import CALIBRATION, read_model
from speaker_tracker.models.errors import ModelError
from speaker_tracker.models.folder import (
    DEFAULT_SAME_VOICE_COSINE,
    EMBEDDED_FOLDER,
    HYPERPARAMS,
    ModelFolder,
    folder_bytes,
    missing_files,
    read_folder,
)
from speaker_tracker.models.pinned import PinnedFile
from speaker_tracker.models.published_weights import PublishedWeights

HUB_ID = "speechbrain/spkrec-ecapa-voxceleb"
HUB_REVISION = "0f99f2d0ebe89ac095bcc5903c4dd8f72b367286"
HUB_PINS = (
    PinnedFile(HYPERPARAMS, 1919, "6f78854fa04ba59e761437b76a2575d3aba5e5016de3e9b69f0c9a5077fb1a41"),
    PinnedFile("embedding_model.ckpt", 83_316_686, "0575cb64845e6b9a10db9bcb74d5ac32b326b8dc90352671d345e2ee3d0126a2"),
    PinnedFile("mean_var_norm_emb.ckpt", 1921, "cd70225b05b37be64fc5a95e24395d804231d43f74b2e1e5a513db7b69b34c33"),
    PinnedFile("classifier.ckpt", 5_534_328, "fd9e3634fe68bd0a427c95e354c0c677374f62b3f434e45b78599950d860d535"),
    PinnedFile("label_encoder.txt", 128_619, "e13c3a167bb4112685670ee896d20e2b565af16b3a4ceeaa8689fa4d22adb8b9"),
)
"""The files of that revision."""
HUB_FILES = tuple(pin.name for pin in HUB_PINS)
HUB_MODEL = VoiceModel(
    name="spkrec-ecapa-voxceleb",
    dimension=192,
    same_voice_cosine=DEFAULT_SAME_VOICE_COSINE,
    calibrated_seconds=1.5,
    calibration=VoiceCalibration(
        within_variance=0.50,
        between_variance=0.43,
        common_variance=0.07,
        style_variance=0.03,
        channel_variance=0.06,
        effective_dimension=40.0,
        evidence_by_seconds=((0.5, 0.33), (1.0, 0.72), (1.5, 1.0)),
        equal_error_rate=0.05,
        measured_on="not measured: derived from SpeechBrain's threshold and from published error rates of short utterances",
    ),
)
"""SpeechBrain's ECAPA-TDNN; the cosine is its own verification threshold. Its calibration is derived, not measured: the threshold
lies between what two people and one have in common; published equal error rates (about 1 % for whole utterances of VoxCeleb, about
5 % for windows of 1 to 2 s) say how far apart the two are; the rest is in the proportion of ``ecapa-mini``. Measured figures take
its place by ``speaker-tracker models calibrate hub DIR``.
"""

EMBEDDED = EMBEDDED_FOLDER / "ecapa-mini"
EMBEDDED_FILES = (HYPERPARAMS, "embedding_model.ckpt", CALIBRATION)

FETCH_COMMAND = "speaker-tracker models fetch"


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A known model.

    ``source``: selects it. ``folder``: where it is or would be. ``missing``: missing files. ``bytes``: size on disk.
    ``chosen_by_auto``: whether the source ``auto`` selects it.
    """

    source: str
    name: str
    origin: str
    folder: Path
    missing: tuple[str, ...]
    bytes: int
    chosen_by_auto: bool

    @property
    def complete(self) -> bool:
        """Whether all of its files exist."""
        return not self.missing


def cache_folder(configured: Path | None) -> Path:
    """Folder of fetched models: ``configured`` (the setting ``model_cache``) or a folder in the user's cache."""
    return configured if configured is not None else platformdirs.user_cache_path("speaker-tracker", appauthor=False) / "models"


def hub_folder(cache: Path | None, revision: str = HUB_REVISION) -> Path:
    """Folder where ``revision`` of the hub's model is or would be; ``cache`` as for ``cache_folder``."""
    return cache_folder(cache) / HUB_MODEL.name / revision


def list_models(cache: Path | None) -> list[CatalogueEntry]:
    """The known models, the hub's first, and last those that ``auto`` never selects; ``cache`` as for ``cache_folder``."""
    fetched = hub_folder(cache)
    missing = tuple(missing_files(fetched, HUB_FILES))
    return [
        CatalogueEntry(
            source="hub",
            name=HUB_MODEL.name,
            origin=f"{HUB_ID} at {HUB_REVISION[:8]}",
            folder=fetched,
            missing=missing,
            bytes=folder_bytes(fetched),
            chosen_by_auto=not missing,
        ),
        CatalogueEntry(
            source="embedded",
            name=EMBEDDED.name,
            origin="comes with speaker-tracker",
            folder=EMBEDDED,
            missing=tuple(missing_files(EMBEDDED, EMBEDDED_FILES)),
            bytes=folder_bytes(EMBEDDED),
            chosen_by_auto=bool(missing),
        ),
        _campplus(cache_folder(cache)),
        _pyannote_segmentation(cache_folder(cache)),
    ]


def _campplus(cache: Path) -> CatalogueEntry:
    origin = f"{campplus.MODEL_ID} at {campplus.REVISION}"
    return _published(campplus.NAME, origin, campplus.published(), campplus.campplus_folder(cache))


def _pyannote_segmentation(cache: Path) -> CatalogueEntry:
    model = pyannote_segmentation
    return _published(model.NAME, model.MODEL_ID, model.published(), model.segmentation_folder(cache))


def _published(name: str, origin: str, weights: PublishedWeights, fetched: Path) -> CatalogueEntry:
    found = weights.found(fetched)
    folder = found or fetched
    return CatalogueEntry(
        source=name,
        name=name,
        origin=origin if folder == fetched else f"{origin}, in {weights.package}",
        folder=folder,
        missing=() if found else (weights.file,),
        bytes=folder_bytes(folder) if folder == fetched else (folder / weights.file).stat().st_size,
        chosen_by_auto=False,
    )


def resolve(source: str, cache: Path | None) -> ModelFolder:
    """The folder that ``source`` names.

    ``source``: ``auto`` (the hub's model if it has been fetched, else the embedded one), ``embedded``, ``hub`` (the fetched one),
    or the path of a folder. ``cache`` as for ``cache_folder``. Raises ``ModelError``.
    """
    if source == "embedded":
        return read_folder(EMBEDDED)
    if source in ("auto", "hub"):
        fetched = hub_folder(cache)
        missing = missing_files(fetched, HUB_FILES)
        if not missing:
            return ModelFolder(HUB_MODEL.name, fetched, _calibrated_hub_model(fetched))
        if source == "auto":
            return replace(read_folder(EMBEDDED), hint=f"`{FETCH_COMMAND}` brings SpeechBrain's larger ECAPA-TDNN")
        raise ModelError(f"{HUB_ID} is not complete in {fetched} (lacking {', '.join(missing)}); run `{FETCH_COMMAND}`")
    folder = Path(source).expanduser()
    if not folder.is_dir():
        raise ModelError(f"{source!r} is no model source: it is 'auto', 'embedded', 'hub' or the path of a model folder")
    return read_folder(folder)


def _calibrated_hub_model(folder: Path) -> VoiceModel:
    """The hub's model, with the calibration that somebody measured, if there is one in its folder."""
    if not (folder / CALIBRATION).is_file():
        return HUB_MODEL
    return read_model(
        folder,
        name=HUB_MODEL.name,
        dimension=HUB_MODEL.dimension,
        same_voice_cosine=HUB_MODEL.same_voice_cosine,
        calibrated_seconds=HUB_MODEL.calibrated_seconds,
    )
