// Hears of changes to what the page shows, and shows them. While nobody sees the page it does not listen: a browser opens few
// connections to one server, and each page that listens holds one.
(function (te) {
  "use strict";

  const AGAIN_MS = 5000; // after the server refused

  let source = null;
  let subject = null;

  function listen() {
    const live = document.hidden ? undefined : document.getElementById("visit")?.dataset.live;
    const address = live && new URL(live, location.href);
    const wanted = address ? (address.searchParams.get("stream") ?? "all streams") : null;
    if (wanted === subject && source?.readyState !== EventSource.CLOSED) return;
    source?.close();
    source = null;
    subject = wanted;
    if (wanted === null) return;
    const opened = (source = new EventSource(address));
    opened.onopen = () => te.connected(true);
    opened.onmessage = () => te.show(location.href);
    opened.onerror = () => {
      te.connected(false);
      if (opened.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN_MS);
    };
  }

  document.addEventListener("visibilitychange", listen);
  document.addEventListener("te:shown", listen);
  window.addEventListener("pagehide", () => source?.close());
  window.addEventListener("pageshow", listen);
})(window.trainingEvents);
