/* Operations Guide: what the page does beyond its HTML. Works in the page that DSS makes around the backend's parts
   and in each backend page opened by itself; never looks at the document's own address, which in DSS is another one. */
(function () {
  "use strict";

  const root = new URL("..", document.currentScript.src);
  const backendUrl = (path) => new URL(path.replace(/^\/+/, ""), root).href;
  const page = document.documentElement;
  const all = (selector, inside) => Array.from((inside || document).querySelectorAll(selector));
  const one = (selector) => document.querySelector(selector);
  page.dataset.script = "";

  // --- choices that last: a frame may be refused its storage, then they last as long as the page ---------------------

  const memory = {};
  const recall = (name) => {
    try { return localStorage.getItem("opsguide." + name); } catch (refused) { return memory[name]; }
  };
  const remember = (name, value) => {
    memory[name] = value;
    try { localStorage.setItem("opsguide." + name, value); } catch (refused) { /* kept in memory */ }
  };

  // --- backend: paths in hx-get are the backend's, an error answer is shown in the place of the part ------------------

  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.path = backendUrl(event.detail.path);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status >= 400) event.detail.shouldSwap = (event.detail.xhr.getResponseHeader("Content-Type") || "").startsWith("text/html");
  });
  const unreachable = (event) => {
    const place = document.getElementById(event.detail.target.id + "-status");
    if (place) place.textContent = "The page's backend does not answer. What you see is what was read before; try again in a moment.";
  };
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.successful) event.detail.target.removeAttribute("aria-busy");
  });
  document.addEventListener("htmx:sendError", unreachable);
  document.addEventListener("htmx:timeout", unreachable);

  // --- age of what is shown -------------------------------------------------------------------------------------------

  let shownSince = Date.now();
  const tellAge = () => {
    const place = one("#age");
    if (!place) return;
    const minutes = Math.floor((Date.now() - shownSince) / 60000);
    place.textContent = minutes < 1 ? "" : minutes < 60 ? `, ${minutes} min ago` : `, ${Math.floor(minutes / 60)} h ${minutes % 60} min ago`;
  };
  setInterval(tellAge, 30000);

  // --- time zone: the words that say an instant follow the reader's choice -------------------------------------------

  const fields = {
    weekday: { weekday: "short" },
    day: { day: "numeric" },
    month: { month: "short" },
    year: { year: "numeric" },
    time: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  };
  const spell = (instant, field, zone) => new Intl.DateTimeFormat("en-US", { ...fields[field], timeZone: zone }).format(instant);
  const dayIn = (instant, zone) => new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(instant);

  function applyZone() {
    const choice = one("[data-zone-switch]");
    if (!choice) return;
    const mine = recall("zone") === "mine";
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    choice.setAttribute("aria-pressed", String(mine));
    choice.title = mine ? `Times in ${own}` : `Times in ${choice.dataset.projectZone}`;
    for (const time of all("time[data-pattern]")) {
      time.dataset.spelled ??= time.textContent;
      if (!mine) { time.textContent = time.dataset.spelled; continue; }
      const instant = new Date(time.dateTime);
      const shape = time.dataset.pattern.split(" ");
      // A bare time on another day there than here needs its day.
      if (shape.length === 1 && dayIn(instant, own) !== dayIn(instant, choice.dataset.projectZone || "UTC")) shape.unshift("weekday");
      time.textContent = shape.map((field) => spell(instant, field, own)).join(" ");
    }
  }

  // --- light and dark -------------------------------------------------------------------------------------------------

  const isDark = () => (page.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  function applyTheme() {
    const chosen = recall("theme");
    if (chosen) page.dataset.theme = chosen;
    const choice = one("[data-theme-switch]");
    if (choice) choice.setAttribute("aria-pressed", String(isDark()));
  }

  // --- find in guide --------------------------------------------------------------------------------------------------

  let matches = [];
  let current = -1;

  function unmark() {
    for (const mark of all("mark", one("#guide") || document)) {
      const parent = mark.parentNode;
      mark.replaceWith(...mark.childNodes);
      parent.normalize();
    }
    matches = [];
    current = -1;
  }

  // A letter that is longer in lower case stays as it is: a place found in this is the same place in the text.
  const lower = (text) => text.replace(/./gsu, (letter) => letter.toLowerCase().length === letter.length ? letter.toLowerCase() : letter);

  function find(words) {
    unmark();
    const wanted = lower(words.trim());
    const guide = one("#guide");
    if (wanted.length > 1 && guide) {
      const walker = document.createTreeWalker(guide, NodeFilter.SHOW_TEXT, (node) =>
        node.parentElement.closest(".unseen, noscript") || !lower(node.data).includes(wanted) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
      const nodes = [];
      while (walker.nextNode()) nodes.push(walker.currentNode);
      for (let node of nodes) {
        for (let at = lower(node.data).indexOf(wanted); at >= 0; at = lower(node.data).indexOf(wanted)) {
          const hit = node.splitText(at);
          node = hit.splitText(wanted.length);
          const mark = document.createElement("mark");
          hit.replaceWith(mark);
          mark.append(hit);
          matches.push(mark);
        }
      }
    }
    tellFound(wanted);
  }

  function tellFound(wanted) {
    const place = one("#found");
    if (!place) return;
    if (wanted.length < 2) place.textContent = "";
    else if (!matches.length) place.textContent = "Nothing found";
    else place.textContent = current < 0 ? `${matches.length} found` : `${current + 1} of ${matches.length}`;
  }

  function step(by) {
    const input = one("#find");
    if (!matches.length) return;
    if (current >= 0) matches[current].removeAttribute("aria-current");
    current = current < 0 ? (by > 0 ? 0 : matches.length - 1) : (current + by + matches.length) % matches.length;
    const mark = matches[current];
    mark.setAttribute("aria-current", "true");
    for (let around = mark.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
    mark.scrollIntoView({ block: "center" });
    tellFound(input.value);
  }

  // --- contents: the section being read is marked ----------------------------------------------------------------------

  function markCurrent() {
    const links = all(".contents a");
    if (!links.length) return;
    const line = innerHeight / 3;
    const atEnd = scrollY > 0 && innerHeight + scrollY >= page.scrollHeight - 2;
    let now = null;
    for (const link of links) {
      const section = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (section && (atEnd || section.getBoundingClientRect().top <= line)) now = link;
    }
    for (const link of links) {
      if (link === now) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }
  let due = false;
  const markCurrentSoon = () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => { due = false; markCurrent(); });
  };
  addEventListener("scroll", markCurrentSoon, { passive: true });
  addEventListener("resize", markCurrentSoon);

  // --- places in this page: a document with another base address would leave it ---------------------------------------

  function goTo(id) {
    const place = document.getElementById(id);
    if (!place) return false;
    for (let around = place.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
    place.scrollIntoView();
    if (!place.hasAttribute("tabindex")) place.setAttribute("tabindex", "-1");
    place.focus({ preventScroll: true });
    return true;
  }

  let timer = 0; // until the page looks again by itself

  // --- pages: inside DSS they take each other's place, each opened by itself is a place of its own --------------------

  function openPage(path) {
    clearTimeout(timer);
    const again = one("[data-again]");
    if (again) htmx.trigger(again, "htmx:abort"); // its answer would take the place of the page that is opened now
    one("#opsguide-status").textContent = "Reading the project from DSS…";
    htmx.ajax("GET", path, { target: "#opsguide", swap: "innerHTML" }).then(() => {
      scrollTo(0, 0);
      if (one("#guide")) one("#guide").focus({ preventScroll: true });
    });
  }

  // Of a page by itself the address follows where a form led, so that it can be loaded again and passed on.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig, target, shouldSwap } = event.detail;
    const led = shouldSwap && target.id === "opsguide" && requestConfig.elt.matches("form") && xhr.responseURL;
    if (led && document.body.hasAttribute("data-alone")) history.pushState(null, "", led);
  });

  // --- look again: as often as the page says, only while it is looked at, less often while DSS does not answer ---------

  let overdue = false;
  let failures = 0;

  function lookAgainLater() {
    clearTimeout(timer);
    overdue = false;
    const place = one("[data-again]");
    if (place) timer = setTimeout(lookAgain, 1000 * Number(place.dataset.again) * 2 ** Math.min(failures, 4));
  }
  // What somebody writes must not be taken from under their hands.
  const writing = () => one("form.act[data-touched]") || (document.activeElement && document.activeElement.closest("form.act"));
  function lookAgain() {
    if (!document.hidden && writing()) { lookAgainLater(); return; }
    overdue = document.hidden;
    const place = one("[data-again]");
    if (place && !overdue) htmx.trigger(place, "again");
  }
  document.addEventListener("visibilitychange", () => { if (overdue && !document.hidden) lookAgain(); });
  document.addEventListener("htmx:afterRequest", (event) => {
    failures = event.detail.successful ? 0 : failures + 1;
    if (!event.detail.successful && event.detail.elt.matches("[data-again]")) lookAgainLater();
  });

  // --- what the reader has opened and where they are outlast a refresh --------------------------------------------------

  let kept = { open: [], focus: null };
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "opsguide" || !event.detail.shouldSwap) return;
    // An answer to a part that goes now would look for its place, or find that of another page.
    for (const part of all("[aria-busy=true]")) part.addEventListener("htmx:beforeOnLoad", (late) => late.preventDefault());
    const active = document.activeElement && document.activeElement.closest("#opsguide [id]");
    const openOnes = all("#opsguide details[open]").map((details) => details.closest("[id]")).filter((around) => around && !["opsguide", "guide"].includes(around.id));
    kept = { open: openOnes.map((around) => around.id), focus: active && { id: active.id, tag: document.activeElement.tagName } };
  });
  function restoreKept() {
    for (const id of kept.open) {
      const around = document.getElementById(id);
      const details = around && around.querySelector("details");
      if (details) details.open = true;
    }
    const around = kept.focus && document.getElementById(kept.focus.id);
    const place = around && (around.tagName === kept.focus.tag ? around : around.querySelector(kept.focus.tag));
    if (place) place.focus({ preventScroll: true });
    kept = { open: [], focus: null };
  }

  // --- print: not before the parts still being read have arrived ------------------------------------------------------

  function printWhenRead() {
    if (one("[aria-busy=true]")) setTimeout(printWhenRead, 200);
    else print();
  }

  // --- a text ready to send: copied, or selected where a browser or frame does not let a page copy ---------------------

  function copy(id) {
    const text = document.getElementById(id);
    text.select();
    const tell = (said) => { one("#copied").textContent = said; };
    const selected = () => tell("It is selected: copy it with your keyboard.");
    if (navigator.clipboard) navigator.clipboard.writeText(text.value).then(() => tell("Copied"), selected);
    else selected();
  }

  // --- a suggestion is put into its field, as if it were typed ---------------------------------------------------------

  function take(button) {
    const place = document.getElementById(button.dataset.take);
    const value = button.value.slice(button.value.indexOf("=") + 1);
    if (place.matches("fieldset")) for (const box of all("input", place)) box.checked = value.split("\n").includes(box.name.split(".").pop());
    else place.value = value;
    place.dispatchEvent(new Event("input", { bubbles: true }));
    (place.matches("fieldset") ? place.querySelector("input") : place).focus();
    button.closest(".suggestion, .theirs").hidden = true;
  }

  // --- one listener a kind of event: the page's parts come and go ------------------------------------------------------

  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest(selector);
    const link = on("a[href^='#']");
    if (link && goTo(decodeURIComponent(link.hash.slice(1)))) event.preventDefault();
    const page = on("a[data-page]");
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (page && plain && !document.body.hasAttribute("data-alone")) { event.preventDefault(); openPage(page.dataset.backend); }
    if (on("[data-zone-switch]")) { remember("zone", recall("zone") === "mine" ? "project" : "mine"); applyZone(); }
    if (on("[data-theme-switch]")) { remember("theme", isDark() ? "light" : "dark"); applyTheme(); }
    if (on("[data-print]")) printWhenRead();
    if (on("[data-take]")) { event.preventDefault(); event.stopPropagation(); take(on("[data-take]")); }
    if (on("[data-copy]")) copy(on("[data-copy]").dataset.copy);
    if (on("[data-find-step]")) step(Number(on("[data-find-step]").dataset.findStep));
  });
  document.addEventListener("input", (event) => {
    if (event.target.id === "find") find(event.target.value);
    const into = event.target.dataset.into;
    if (into && event.target.files[0]) event.target.files[0].text().then((text) => { document.getElementById(into).value = text; });
    const form = event.target.closest("form.act");
    if (form) form.dataset.touched = "";
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-find]")) event.preventDefault();
    // A form sent before htmx has seen it would leave the page that DSS makes around this one.
    if (form.matches("[hx-post], [hx-get]") && !event.defaultPrevented && !document.body.hasAttribute("data-alone")) {
      event.preventDefault();
      htmx.process(form);
      form.requestSubmit(event.submitter);
    }
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    const input = one("#find");
    if (!input || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/" && !typing) { event.preventDefault(); input.focus(); input.select(); }
    if (event.target !== input) return;
    if (event.key === "Enter") { event.preventDefault(); step(event.shiftKey ? -1 : 1); }
    if (event.key === "Escape") { input.value = ""; find(""); }
  });

  // --- whenever parts have arrived ------------------------------------------------------------------------------------

  function arrived() {
    for (const link of all("a[data-backend]")) link.href = backendUrl(link.dataset.backend);
    applyTheme();
    applyZone();
    markCurrent();
    tellAge();
    const input = one("#find");
    if (input && input.value) find(input.value);
  }
  function pageArrived() {
    shownSince = Date.now();
    const heading = one("h1");
    if (heading) document.title = heading.dataset.title || heading.textContent;
    restoreKept();
    const look = one("[data-look]"); // what stands in the way of saving comes before where the reader was
    if (look) { look.scrollIntoView(); look.focus({ preventScroll: true }); }
    lookAgainLater();
    const contents = one(".contents details");
    if (contents && !matchMedia("(min-width: 62rem)").matches) contents.open = false;
    arrived();
  }
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.id === "refresh" && one("#age")) one("#age").textContent = ". Reading again…";
  });
  document.addEventListener("htmx:afterSettle", (event) => (event.target.id === "opsguide" ? pageArrived() : arrived()));
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", pageArrived);
  else pageArrived();
})();
