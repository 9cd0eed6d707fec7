// Says how old the data is, and whether the server is there at all. It counts here, so that a screen that hears nothing
// more does not go on looking fresh. Clocks of browser and server are never compared.
window.headrace = (() => {
  const SILENT_MS = 5000; // the server says something every second or so
  let heard = null;

  function text(ms) {
    const seconds = Math.floor(ms / 1000);
    if (seconds < 120) return `${seconds} s`;
    const minutes = Math.floor(seconds / 60);
    return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
  }

  function show() {
    const label = document.querySelector('[data-figure="age"]');
    if (heard === null || label === null) return;
    const silent = performance.now() - heard.at;
    const age = heard.age === null ? null : heard.age + silent;
    let state = "age";
    if (silent > SILENT_MS) state = "offline";
    else if (age === null) state = "empty";
    else if (age > heard.limit) state = "stale";
    document.body.dataset.freshness = state === "age" ? "fresh" : state;
    label.dataset.shown = label.dataset[state].replace("{age}", text(state === "offline" ? silent : age));
  }

  setInterval(show, 250);
  return {
    heard(age, limit) {
      heard = { age, limit, at: performance.now() };
      show();
    },
  };
})();
