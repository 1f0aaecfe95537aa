/**
 * The script of the page. The server renders the page; after each event the script fetches it again
 * and applies the differences.
 *
 * @module
 */

/** JavaScript for the browser. */
export const SCRIPT: string = String.raw`"use strict";
(() => {
  const { root, service } = document.currentScript.dataset;
  const stream = service === undefined ? "v1/events" : "v1/services/" + encodeURIComponent(service) + "/events";
  const connection = document.getElementById("connection");
  const search = document.getElementById("search");
  let renderedAt = performance.now();
  let since = Date.now();
  let busy = false;
  let again = false;
  let due;
  let updatedAt = -Infinity;
  // Enter in the search opens the only service that it finds.
  let opens = false;
  // Counts of picks and the output of checks change without an event.
  const POLL_MS = 5000;
  const MIN_GAP_MS = 500;

  function setConnection(kind, text) {
    if (connection.dataset.kind !== kind) since = Date.now();
    connection.dataset.kind = kind;
    document.body.dataset.connection = kind;
    if (connection.textContent !== text) connection.textContent = text;
  }

  // The same as formatDuration() of the server.
  function duration(ms) {
    const seconds = Math.max(0, Math.floor(ms / 1000));
    const parts = [
      [Math.floor(seconds / 86400), "d"],
      [Math.floor(seconds / 3600) % 24, "h"],
      [Math.floor(seconds / 60) % 60, "m"],
      [seconds % 60, "s"],
    ];
    const first = parts.findIndex(([value]) => value > 0);
    if (first < 0) return "0s";
    const shown = parts.slice(first, first + 2).filter(([value]) => value > 0);
    return shown.map(([value, unit]) => value + unit).join(" ");
  }

  function tick() {
    const passed = performance.now() - renderedAt;
    for (const element of document.querySelectorAll("[data-age]")) {
      const text = duration(Number(element.dataset.age) + passed) + " ago";
      if (element.textContent !== text) element.textContent = text;
    }
    if (connection.dataset.kind === "lost") {
      setConnection("lost", "Live updates off for " + duration(Date.now() - since) + ": reconnecting");
    }
  }

  // The user's own changes stay: what is open or typed.
  const KEPT = new Set(["open", "value"]);

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

  // A proxy may have given the server another host.
  function correctOrigin(page) {
    const command = page.getElementById("command");
    if (!command) return;
    const found = /https?:\/\/[^/']+/.exec(command.textContent);
    if (found) command.textContent = command.textContent.replace(found[0], location.origin);
  }

  async function update() {
    if (busy) return void (again = true);
    busy = true;
    updatedAt = performance.now();
    const address = location.pathname + location.search;
    try {
      const headers = { accept: "text/html" };
      const response = await fetch(address, { headers, cache: "no-store" });
      // The page of a service that is no longer watched says so.
      if (!response.ok) return location.reload();
      const text = await response.text();
      const next = new DOMParser().parseFromString(text, "text/html");
      if (address !== location.pathname + location.search) return void (again = true);
      correctOrigin(next);
      renderedAt = performance.now();
      document.title = next.title;
      const focused = document.activeElement;
      morph(document.getElementById("main"), next.getElementById("main"));
      // A line that was moved has lost it.
      if (focused !== document.activeElement && focused.isConnected) {
        focused.focus({ preventScroll: true });
      }
      tick();
      const links = document.querySelectorAll("#services tbody a");
      if (opens && links.length === 1) links[0].click();
      opens = false;
    } catch {
      // The event stream reconnects when the server is back.
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
    }, Math.max(100, updatedAt + MIN_GAP_MS - performance.now()));
  }

  function connect() {
    const source = new EventSource(root + stream);
    let stopping = false;
    source.onopen = () => {
      stopping = false;
      setConnection("live", "Live updates on");
      soon();
    };
    for (const type of ["snapshot", "change", "status", "balance", "refresh"]) {
      source.addEventListener(type, soon);
    }
    source.addEventListener("closing", () => {
      stopping = true;
      setConnection("lost", "Live updates off: the server is stopping");
    });
    source.onerror = () => {
      if (!stopping) setConnection("lost", "Live updates off: reconnecting");
      // The browser reconnects by itself, unless the response was an error.
      if (source.readyState !== EventSource.CLOSED) return;
      source.close();
      setTimeout(connect, 2000);
    };
  }

  function showSearch() {
    const url = new URL(location.href);
    if (search.value) url.searchParams.set("q", search.value);
    else url.searchParams.delete("q");
    url.searchParams.delete("page");
    history.replaceState(null, "", url);
    soon();
  }

  search?.addEventListener("input", () => {
    opens = false;
    showSearch();
  });
  search?.form.addEventListener("submit", (event) => {
    event.preventDefault();
    opens = search.value.trim() !== "";
    showSearch();
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
    if (event.key !== "/" || typing || !search) return;
    event.preventDefault();
    search.focus();
  });

  document.documentElement.classList.add("script");
  setConnection("connecting", "Connecting");
  correctOrigin(document);
  setInterval(tick, 1000);
  setInterval(() => {
    if (!document.hidden && connection.dataset.kind === "live") soon();
  }, POLL_MS);
  connect();
})();
`;
