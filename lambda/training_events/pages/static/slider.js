// The slider through time: two times, each a slider from event to event and a field that takes any time. While it moves the page
// shows what was true, or known, then, and the address says so.
(function (te) {
  "use strict";

  const form = document.getElementById("slider");
  if (!form) return;

  const STILL_MS = 500; // for so long nothing has moved: then the move has ended, and "back" leads before it
  const problem = document.getElementById("slider-problem");
  const clocks = [...form.querySelectorAll(".clock")].map((element) => ({
    name: element.dataset.clock,
    range: element.querySelector(".clock-range"),
    field: element.querySelector(".clock-time"),
    now: element.querySelector(".clock-now"),
    moments: [],
  }));
  let before = null; // the address before the move
  let ending;
  let asked = location.href; // last, by a field
  let loaded = null; // the promise of the moments
  let held = false; // a pointer holds a slider

  function addressOf(times) {
    const address = new URL(location.href);
    for (const [name, time] of Object.entries(times)) {
      if (time === "") address.searchParams.delete(name);
      else address.searchParams.set(name, time);
    }
    return address;
  }

  function typedTimes() {
    return Object.fromEntries(clocks.map((clock) => [clock.name, clock.field.value.trim()]));
  }

  // The right end is now, one position behind the last event.
  function place(clock) {
    const time = clock.field.value;
    const last = clock.moments.length;
    const later = time === "" ? last : clock.moments.findIndex((moment) => moment > time);
    clock.range.max = last;
    clock.range.value = time === "" ? last : later < 0 ? last - 1 : Math.max(0, later - 1);
    describe(clock);
  }

  function describe(clock) {
    const at = clock.range.valueAsNumber;
    const isNow = at >= clock.moments.length;
    const text = isNow ? "now" : `${clock.moments[at].replace("T", " ").slice(0, 19)} UTC, ${at + 1} of ${clock.moments.length}`;
    clock.range.setAttribute("aria-valuetext", text);
  }

  function move(clock) {
    const at = clock.range.valueAsNumber;
    clock.field.value = clock.moments[at] ?? "";
    describe(clock);
    problem.textContent = "";
    before ??= location.href;
    const address = addressOf(typedTimes());
    history.replaceState(null, "", address);
    asked = address.href;
    te.show(address);
    endSoon();
  }

  // "Back" leads to where the move began: until it ends, the address is only replaced.
  function endSoon() {
    clearTimeout(ending);
    ending = setTimeout(() => {
      if (held) return endSoon();
      const now = location.href;
      if (now !== before) {
        history.replaceState(null, "", before);
        history.pushState(null, "", now);
      }
      before = null;
    }, STILL_MS);
  }

  function go() {
    const address = addressOf(typedTimes());
    if (address.href === asked) return; // the key that ends a text both changes the field and sends the form
    asked = address.href;
    problem.textContent = "";
    te.show(address, (mistake) => (problem.textContent = mistake));
    document.addEventListener(
      "te:shown",
      ({ detail }) => {
        if (detail.address !== address) return;
        const { asOf, knownAt } = document.getElementById("visit").dataset; // words are times now
        const understood = addressOf({ as_of: asOf, known_at: knownAt });
        if (understood.href !== location.href) history.pushState(null, "", understood);
        follow();
      },
      { once: true },
    );
  }

  // The fields and sliders say what the address says.
  function follow() {
    asked = location.href;
    const parameters = new URL(location.href).searchParams;
    for (const clock of clocks) {
      clock.field.value = parameters.get(clock.name) ?? "";
      place(clock);
    }
  }

  function load() {
    loaded ??= fetch(form.dataset.moments)
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.statusText))))
      .then((moments) => {
        for (const clock of clocks) {
          clock.moments = moments[clock.name];
          clock.range.hidden = clock.range.disabled = clock.moments.length === 0;
          if (!held) place(clock);
        }
      })
      .catch(() => (loaded = null)); // the fields take times all the same
    return loaded;
  }

  for (const clock of clocks) {
    clock.range.addEventListener("input", () => move(clock));
    clock.range.addEventListener("pointerdown", () => (held = true));
    clock.field.addEventListener("change", go);
    clock.now.hidden = false;
    clock.now.addEventListener("click", () => {
      clock.field.value = "";
      go();
    });
  }
  for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, () => (held = false));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go();
  });
  window.addEventListener("popstate", () => {
    follow();
    te.show(location.href);
  });
  // after a change there is another event to go to
  document.addEventListener("te:shown", () => {
    if (document.getElementById("visit").dataset.live) loaded = null;
  });
  form.addEventListener("pointerenter", load);
  form.addEventListener("focusin", load);
  form.querySelector(".slider-go").hidden = true;
  load();
})(window.trainingEvents);
