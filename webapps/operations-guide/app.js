/* Brings the page's own style and scripts from the backend, where each page opened by itself finds them too. */
(function () {
  "use strict";
  const backendUrl = (path) => (window.getWebAppBackendUrl || dataiku.getWebAppBackendUrl)(path);
  const add = (tag, attributes) => document.head.appendChild(Object.assign(document.createElement(tag), attributes));
  const failed = () => {
    document.getElementById("opsguide-status").textContent =
      "The page's backend does not answer. Start it (webapp, Actions, Start backend), then reload this page; its log says why it stopped.";
  };
  document.documentElement.lang = "en";
  add("meta", { name: "htmx-config", content: '{"includeIndicatorStyles":false,"allowEval":false,"selfRequestsOnly":true}' });
  add("link", { rel: "stylesheet", href: backendUrl("/static/app.css") });
  // The page's script comes first: it maps the paths that htmx asks for. htmx waits for a document that is being
  // parsed, and these scripts come after that, so it is started here.
  const script = (file, loaded) => add("script", { src: backendUrl("/static/" + file), async: false, onerror: failed, onload: loaded });
  script("app.js", null);
  script("vendor/htmx-2.0.11.min.js", () => htmx.process(document.body));
})();
