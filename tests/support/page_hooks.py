"""Ways for a test to hold back and to lose what the page has of the browser: permission, microphones, connections."""

from playwright.sync_api import Page

from support.tracker_page import TrackerPage

HOOKS = """() => {
  const {mediaDevices} = navigator;
  const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
  window.streams = [];
  window.prompts = [];
  window.isAsked = false;
  mediaDevices.getUserMedia = async wanted => {
    if (window.isAsked) await new Promise(resolve => window.prompts.push(resolve));
    const stream = await getUserMedia(wanted);
    window.streams.push(stream);
    return stream;
  };
  window.unplug = () => {
    const [track] = window.streams.at(-1).getTracks();
    track.stop();
    track.dispatchEvent(new Event("ended"));
  };
  const tracks = () => window.streams.flatMap(stream => stream.getTracks());
  window.liveTracks = () => tracks().filter(track => track.readyState === "live").length;

  window.contexts = [];
  window.AudioContext = class extends window.AudioContext {
    constructor(...given) { super(...given); window.contexts.push(this); }
  };

  window.sockets = [];
  window.WebSocket = class extends window.WebSocket {
    constructor(...given) { super(...given); window.sockets.push(this); }
    send(data) {
      if (window.isHeld && typeof data === "string") window.release = () => super.send(data);
      else super.send(data);
    }
  };
}"""
"""To be evaluated in a page that is open.

``isAsked``: the browser asks for permission, and ``prompts`` are what answers. ``isHeld``: no session is opened before ``release``.
``unplug()``: the microphone that was opened last is gone. ``streams``, ``contexts``, ``sockets``: all that there have been.
"""


def live_tracks(page: Page) -> int:
    """How many microphones are on."""
    return int(page.evaluate("window.liveTracks()"))


def break_connection(page: TrackerPage) -> None:
    """The last connection is lost."""
    page.page.evaluate("window.sockets.at(-1).close()")


def expect_to_go_on(page: TrackerPage, seconds: float) -> None:
    """More is heard, up to so many seconds; then it is stopped, and there is a report."""
    page.expect_state("running")
    page.expect_elapsed(seconds)
    page.press("Stop")
    page.expect_report()
    assert live_tracks(page.page) == 0, "a microphone is still on"
    assert page.complaints == [], page.complaints
