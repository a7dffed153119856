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
  const put = (id, html) => {
    const place = element(id);
    if (!place) return;
    const before = place.querySelector(".story");
    const scrolled = before ? before.scrollTop : 0;
    place.innerHTML = html;
    const after = place.querySelector(".story");
    if (after) after.scrollTop = scrolled;
  };
  const connect = () => {
    const source = new EventSource(address);
    source.addEventListener("open", () => say("live", false));
    source.addEventListener("error", () => {
      say("connection lost, trying again", true);
      // After an answer that is no stream, the browser does not try again by itself.
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, 3000);
    });
    source.addEventListener("parts", (event) => {
      const news = JSON.parse(event.data);
      if (news.whole) {
        const known = new Set(news.parts.map(([id]) => id));
        for (const old of document.querySelectorAll("#stages > article")) if (!known.has(old.id)) old.remove();
      }
      for (const [id, html] of news.parts) put(id, html);
      say("live", false);
    });
    source.addEventListener("gone", () => {
      say("the run is gone", true);
      source.close();
    });
  };
  connect();
})();
