"""Loading of SpeechBrain's ``EncoderClassifier`` from a local model folder."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from speaker_tracker.models import ModelError
from speaker_tracker.models.folder import HYPERPARAMS
from speaker_tracker_stages.speechbrain_embedding.known_classes import load_hyperparameters
from speaker_tracker_stages.speechbrain_embedding.torchaudio_fallback import ensure_torchaudio

if TYPE_CHECKING:
    from speechbrain.inference.classifiers import EncoderClassifier

WEIGHTS_ONLY, NOT_WEIGHTS_ONLY = "TORCH_FORCE_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
"""Variables that ``torch.load`` looks at whenever it is called."""
ENVIRONMENT = {"SB_LOG_LEVEL": "WARNING", "SB_DISABLE_QUIRKS": "allow_tf32,disable_jit_profiling"}


def load_encoder(folder: Path, *, trusted: bool = False) -> EncoderClassifier:
    """The encoder in ``folder``, on the CPU, ready for ``encode_batch`` (float32 PCM at 16 kHz, shape ``(batch, samples)``).

    ``folder``: ``hyperparams.yaml`` and the weights it names, as ``speaker_tracker.models.resolve`` gives it. Nothing is written
    there and nothing is fetched, whatever path the hyperparameters name. ``trusted``: whether the folder may run code of its own,
    as hyperparameters can; otherwise they must name known classes alone. Weights are data in any case: a file that makes other
    objects when it is read is refused. Raises ``ModelError``.
    """
    folder = folder.resolve()
    try:
        with _quiet(), _weights_are_data(), _transfer_warnings() as misfits:
            encoder = _of_any_classes(folder) if trusted else _of_known_classes(folder)
    except (ImportError, ModelError):
        raise
    except Exception as error:
        # Hyperparameters have wrong arguments and weights may fit none of them, so anything can come up.
        raise ModelError(f"the voice model in {folder} cannot be loaded: {_sentence(error)}") from error
    if misfits:
        raise ModelError(f"the voice model in {folder} cannot be loaded: its weights are not those of the network in {HYPERPARAMS}")
    return encoder


def _of_known_classes(folder: Path) -> EncoderClassifier:
    """The encoder as ``EncoderClassifier.from_hparams`` makes it, without what runs code that a folder brings."""
    ensure_torchaudio()
    from speechbrain.inference.classifiers import EncoderClassifier  # noqa: PLC0415 - a second of import
    from speechbrain.utils.fetching import FetchConfig, LocalStrategy  # noqa: PLC0415

    objects = load_hyperparameters(folder)
    pretrainer = objects["pretrainer"]
    pretrainer.set_collect_in(None)
    # Whatever place the hyperparameters name, the hub among them: the files are those of the folder.
    named = {name: pretrainer.paths.get(name, f"{name}.ckpt") for name in pretrainer.loadables}
    pretrainer.paths = {name: f"{folder.as_posix()}/{path.rpartition('/')[2]}" for name, path in named.items()}
    pretrainer.collect_files(local_strategy=LocalStrategy.NO_LINK, fetch_config=FetchConfig(allow_network=False))
    pretrainer.load_collected()
    objects["savedir"] = None
    return _folded(EncoderClassifier(modules=objects["modules"], hparams=objects, run_opts={"device": "cpu"}))


def _of_any_classes(folder: Path) -> EncoderClassifier:
    ensure_torchaudio()
    from speechbrain.inference.classifiers import EncoderClassifier  # noqa: PLC0415 - a second of import
    from speechbrain.utils.fetching import FetchConfig, LocalStrategy  # noqa: PLC0415

    return _folded(
        EncoderClassifier.from_hparams(
            source=folder.as_posix(),
            # The hub's hyperparameters fetch the weights from `pretrained_path`, which is the hub; others have no such key.
            overrides={"pretrained_path": folder.as_posix()},
            overrides_must_match=False,
            # Without savedir, files are read where they are; with it, SpeechBrain makes links there.
            savedir=None,
            local_strategy=LocalStrategy.NO_LINK,
            fetch_config=FetchConfig(allow_network=False),
            run_opts={"device": "cpu"},
        )
    )


def _folded(encoder: EncoderClassifier) -> EncoderClassifier:
    from speaker_tracker_stages.ecapa_mini_network import EcapaMini  # noqa: PLC0415 - imports PyTorch

    network = encoder.mods.embedding_model
    if isinstance(network, EcapaMini):
        network.fold()
    return encoder


@contextmanager
def _weights_are_data() -> Iterator[None]:
    """PyTorch reads tensors and plain values alone, whatever the environment says, and however SpeechBrain calls it."""
    before = {name: os.environ.pop(name, None) for name in (WEIGHTS_ONLY, NOT_WEIGHTS_ONLY)}
    os.environ[WEIGHTS_ONLY] = "1"
    try:
        yield
    finally:
        del os.environ[WEIGHTS_ONLY]
        os.environ.update({name: value for name, value in before.items() if value is not None})


@contextmanager
def _quiet() -> Iterator[None]:
    """Silences SpeechBrain's notes and deprecation warnings, and keeps its quirks off.

    It reads log level and quirks from the environment when it is imported. Quirks switch settings of PyTorch for the whole process,
    which other stages use too.
    """
    logging.getLogger("speechbrain").setLevel(logging.WARNING)
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _transfer_warnings() -> Iterator[list[str]]:
    """Collects SpeechBrain's warnings of weights that do not fit, after which parts of the network would be random."""
    heard: list[str] = []

    def keep(record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if not message.startswith("During parameter transfer"):
            return True
        heard.append(message)
        return False

    logger = logging.getLogger("speechbrain.utils.checkpoints")
    logger.addFilter(keep)
    try:
        yield heard
    finally:
        logger.removeFilter(keep)


def _sentence(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".:") if lines else type(error).__name__
