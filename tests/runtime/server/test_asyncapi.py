"""The document of the protocol, as the server hands it out."""

import pytest
import yaml

from speaker_tracker.engine.observers import ObserverConfigurationError
from speaker_tracker.observer import Observer
from speaker_tracker.protocol.asyncapi import as_yaml, document


async def test_the_document_is_served(serve):
    status, head, body = await serve(tokens=["sesame"]).get("/asyncapi.yaml")

    assert status == 200
    assert "content-type: application/yaml\r\n" in head
    assert "access-control-allow-origin: *\r\n" in head
    assert body.decode() == as_yaml()
    assert yaml.safe_load(body) == document()


async def test_an_observer_cannot_take_its_path(serve):
    class Greedy(Observer):
        def endpoints(self):
            return {"/asyncapi.yaml": None}

    with pytest.raises(ObserverConfigurationError, match=r"cannot answer /asyncapi\.yaml, which the server does itself"):
        serve(observers={"greedy": Greedy()})
