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
from speaker_tracker_stages.speechbrain_embedding.torchaudio_fallback import ensure_torchaudio

if TYPE_CHECKING:
    from speechbrain.inference.classifiers import EncoderClassifier

ENVIRONMENT = {"SB_LOG_LEVEL": "WARNING", "SB_DISABLE_QUIRKS": "allow_tf32,disable_jit_profiling"}


def load_encoder(folder: Path) -> EncoderClassifier:
    """The encoder in ``folder``, on the CPU, ready for ``encode_batch`` (float32 PCM at 16 kHz, shape ``(batch, samples)``).

    ``folder``: ``hyperparams.yaml`` and the weights it names, as ``speaker_tracker.models.resolve`` gives it. Nothing is written
    there and nothing is fetched, whatever path the hyperparameters name. Hyperparameters can name any Python object to be made:
    load only folders that you trust. Raises ``ModelError``.
    """
    folder = folder.resolve()
    try:
        with _quiet(), _transfer_warnings() as misfits:
            encoder = _from_hparams(folder)
    except ImportError:
        raise
    except Exception as error:
        # Hyperparameters make arbitrary objects and weights may fit none of them, so anything can come up.
        raise ModelError(f"the voice model in {folder} cannot be loaded: {_sentence(error)}") from error
    if misfits:
        raise ModelError(f"the voice model in {folder} cannot be loaded: its weights are not those of the network in {HYPERPARAMS}")
    return encoder


def _from_hparams(folder: Path) -> EncoderClassifier:
    ensure_torchaudio()
    from speechbrain.inference.classifiers import EncoderClassifier  # noqa: PLC0415 - a second of import
    from speechbrain.utils.fetching import FetchConfig, LocalStrategy  # noqa: PLC0415

    from speaker_tracker_stages.ecapa_mini_network import EcapaMini  # noqa: PLC0415 - imports PyTorch

    encoder: EncoderClassifier = EncoderClassifier.from_hparams(
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
    network = encoder.mods.embedding_model
    if isinstance(network, EcapaMini):
        network.fold()
    return encoder


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
