/**
 * The script of the page. The server renders; this asks for the page again when something happened,
 * and puts what differs in its place.
 *
 * @module
 */

/** JavaScript for the browser. */
export const SCRIPT: string = String.raw`"use strict";
(() => {
  const root = document.currentScript.dataset.root;
  const connection = document.getElementById("connection");
  const search = document.getElementById("search");
  let renderedAt = performance.now();
  let since = Date.now();
  let busy = false;
  let again = false;
  let due;

  function tell(kind, text) {
    if (connection.dataset.kind !== kind) since = Date.now();
    connection.dataset.kind = kind;
    document.body.dataset.connection = kind;
    if (connection.textContent !== text) connection.textContent = text;
  }

  function duration(ms) {
    const seconds = Math.max(0, Math.floor(ms / 1000));
    if (seconds < 60) return seconds + " s";
    if (seconds < 3600) return Math.floor(seconds / 60) + " min";
    if (seconds < 172800) return Math.floor(seconds / 3600) + " h";
    return Math.floor(seconds / 86400) + " d";
  }

  function tick() {
    const passed = performance.now() - renderedAt;
    for (const element of document.querySelectorAll("[data-age]")) {
      const text = duration(Number(element.dataset.age) + passed) + " ago";
      if (element.textContent !== text) element.textContent = text;
    }
    if (connection.dataset.kind === "lost") {
      tell("lost", "Page not live for " + duration(Date.now() - since) + ": trying again");
    }
  }

  function filter() {
    if (!search) return;
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    const cards = document.querySelectorAll("#services > [data-search]");
    for (const card of cards) {
      card.hidden = !words.every((word) => card.dataset.search.includes(word));
      if (!card.hidden) shown++;
    }
    document.getElementById("no-match").hidden = shown > 0 || words.length === 0;
  }

  // What the person has done to the page stays: what is open, typed or hidden by the search.
  const KEPT = new Set(["open", "hidden", "value"]);

  function key(node) {
    return node.nodeType === 1 ? node.id || node.dataset.key || "" : "";
  }

  function morph(from, to) {
    if (from.isEqualNode(to)) return;
    if (from.nodeName !== to.nodeName || key(from) !== key(to)) return from.replaceWith(to);
    if (from.nodeType !== 1) {
      if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
      return;
    }
    for (const { name } of [...from.attributes]) {
      if (!to.hasAttribute(name) && !KEPT.has(name)) from.removeAttribute(name);
    }
    for (const { name, value } of [...to.attributes]) {
      if (!KEPT.has(name) && from.getAttribute(name) !== value) from.setAttribute(name, value);
    }
    const keyed = new Map();
    for (const child of from.childNodes) if (key(child)) keyed.set(key(child), child);
    let place = from.firstChild;
    for (const next of [...to.childNodes]) {
      const known = keyed.get(key(next));
      if (known) {
        keyed.delete(key(next));
        if (known === place) place = place.nextSibling;
        else from.insertBefore(known, place);
        morph(known, next);
      } else if (place && !key(place) && !key(next)) {
        const current = place;
        place = place.nextSibling;
        morph(current, next);
      } else {
        const added = document.importNode(next, true);
        if (added.nodeType === 1) added.classList.add("new");
        from.insertBefore(added, place);
      }
    }
    while (place) {
      const gone = place;
      place = place.nextSibling;
      gone.remove();
    }
  }

  async function update() {
    if (busy) return void (again = true);
    busy = true;
    try {
      const headers = { accept: "text/html" };
      const response = await fetch(location.pathname, { headers, cache: "no-store" });
      if (!response.ok) return location.reload();
      const text = await response.text();
      const next = new DOMParser().parseFromString(text, "text/html");
      renderedAt = performance.now();
      morph(document.getElementById("main"), next.getElementById("main"));
      filter();
      tick();
    } catch {
      // The stream tells when the server is there again.
    } finally {
      busy = false;
      if (again) {
        again = false;
        soon();
      }
    }
  }

  function soon() {
    due ??= setTimeout(() => {
      due = undefined;
      update();
    }, 100);
  }

  function connect() {
    const source = new EventSource(root + "v1/events");
    let stopping = false;
    source.onopen = () => {
      stopping = false;
      tell("live", "Page live");
      soon();
    };
    for (const type of ["snapshot", "change", "status", "balance", "refresh"]) {
      source.addEventListener(type, soon);
    }
    source.addEventListener("closing", () => {
      stopping = true;
      tell("lost", "Page not live: the server stops");
    });
    source.onerror = () => {
      if (!stopping) tell("lost", "Page not live: trying again");
      // The browser comes again by itself, unless the answer was an error.
      if (source.readyState !== EventSource.CLOSED) return;
      source.close();
      setTimeout(connect, 2000);
    };
  }

  search?.addEventListener("input", () => {
    const url = new URL(location.href);
    if (search.value) url.searchParams.set("q", search.value);
    else url.searchParams.delete("q");
    history.replaceState(null, "", url);
    filter();
  });
  search?.form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
    if (event.key !== "/" || typing || !search) return;
    event.preventDefault();
    search.focus();
  });

  document.documentElement.classList.add("script");
  tell("connecting", "Connecting");
  filter();
  setInterval(tick, 1000);
  connect();
})();
`;
