"use strict";
document.querySelectorAll("select[data-submits]").forEach(function (select) {
  select.form.querySelector("button").hidden = true;
  select.addEventListener("change", function () { select.form.submit(); });
});

// A macro's HTML stands in a frame without scripts: as high as it needs, its links opening the screens around it.
document.querySelectorAll("iframe.result").forEach(function (frame) {
  function fit() {
    const page = frame.contentDocument;
    page.querySelectorAll("a[href]:not([href^='#'])").forEach(function (link) { link.target = "_top"; });
    frame.style.height = page.documentElement.scrollHeight + 20 + "px";
  }
  frame.addEventListener("load", fit);
  if (frame.contentDocument && frame.contentDocument.readyState === "complete") fit();
});

// Forms of macros: fields that depend on others, and choices that a function of the plugin gives.
document.querySelectorAll("form.params").forEach(function (form) {
  const fields = Array.from(form.querySelectorAll(".field[data-param]"));

  function valueOf(field) {
    const input = field.querySelector("input, select, textarea");
    if (input.type === "checkbox") return input.checked;
    if (input.multiple) return Array.from(input.selectedOptions, function (option) { return option.value; });
    if (input.type === "number") return input.value === "" ? undefined : Number(input.value);
    if (["STRINGS", "INTS", "DOUBLES"].includes(field.dataset.type)) return input.value.split("\n").filter(Boolean);
    return input.value;
  }

  function model() {
    const values = {};
    fields.forEach(function (field) { values[field.dataset.param] = valueOf(field); });
    return values;
  }

  function show() {
    const values = model();
    fields.forEach(function (field) {
      if (!field.dataset.visible) return;
      // A condition is JavaScript on `model`, written by the plugin; one that fails hides nothing.
      try { field.hidden = !new Function("model", "return (" + field.dataset.visible + ")")(values); }
      catch (error) { field.hidden = false; }
    });
  }

  function dependsOn(name) {
    return fields.some(function (field) { return (field.dataset.dynamic || "").split(" ").includes(name); });
  }

  async function reload() {
    const answer = await fetch(form.dataset.choices, { method: "POST", body: JSON.stringify(model()) });
    const choices = await answer.json();
    fields.forEach(function (field) {
      const offered = choices[field.dataset.param];
      if (!Array.isArray(offered)) return;
      const select = field.querySelector("select"), kept = [].concat(valueOf(field));
      const first = select.multiple ? [] : [new Option("(none)", "")];
      select.replaceChildren(...first, ...offered.map(function (choice) {
        const chosen = kept.includes(choice.value);
        return new Option(choice.label || choice.value, choice.value, chosen, chosen);
      }));
    });
  }

  form.addEventListener("change", function (event) {
    show();
    const field = event.target.closest(".field");
    if (field && dependsOn(field.dataset.param)) reload();
  });
  show();
});
