"use strict";
(() => {
  const address = document.body.dataset.events;
  const link = document.getElementById("link");
  const say = (text, lost) => {
    if (link.textContent !== text) link.textContent = text;
    link.classList.toggle("lost", lost);
  };
  const element = (id) => {
    const known = document.getElementById(id);
    const stages = document.getElementById("stages");
    if (known || !stages || !id.startsWith("stage-")) return known;
    // The newest stage stands first.
    const made = document.createElement("article");
    made.id = id;
    stages.prepend(made);
    return made;
  };
  const source = new EventSource(address);
  source.addEventListener("open", () => say("live", false));
  source.addEventListener("error", () => say("connection lost, trying again", true));
  source.addEventListener("parts", (event) => {
    const news = JSON.parse(event.data);
    if (news.whole) {
      const known = new Set(news.parts.map(([id]) => id));
      for (const old of document.querySelectorAll("#stages > article")) if (!known.has(old.id)) old.remove();
    }
    for (const [id, html] of news.parts) {
      const place = element(id);
      if (place) place.innerHTML = html;
    }
    say("live", false);
  });
  source.addEventListener("gone", () => {
    say("the run is gone", true);
    source.close();
  });
})();
