/* The page's own behaviour; what it shows comes escaped from the server, texts are set with textContent. */
(() => {
  "use strict";
  const LANGUAGE = "assistant_language";
  const cookie = (document.cookie.match(/(?:^|; )assistant_language=(en|zh)/) || [])[1];
  if (cookie) {
    const code = cookie === "zh" ? "zh-CN" : "en";
    // Gradio takes its language from the browser's; the user's choice comes first.
    Object.defineProperty(navigator, "language", { get: () => code, configurable: true });
    Object.defineProperty(navigator, "languages", { get: () => [code], configurable: true });
  }
  const chinese = (cookie || navigator.language || "").startsWith("zh");
  document.documentElement.lang = chinese ? "zh-CN" : "en";

  /* Gradio's sign-in says nothing when the server refuses to look at a password. */
  const send = window.fetch;
  window.fetch = async (...request) => {
    const reply = await send(...request);
    const button = document.querySelector("button.primary");
    if (reply.status === 429 && button) {
      const wait = reply.headers.get("retry-after");
      let notice = document.getElementById("too-many");
      if (!notice) {
        notice = Object.assign(document.createElement("p"), { id: "too-many", role: "alert" });
        button.before(notice);
      }
      notice.textContent = chinese ? `尝试次数过多，请在 ${wait} 秒后再试。` : `Too many tries. Try again in ${wait} seconds.`;
    }
    return reply;
  };

  const phone = () => matchMedia("(max-width: 900px)").matches;
  const $ = (selector, root = document) => root.querySelector(selector);

  function applyTheme() {
    const chosen = localStorage.getItem("assistant_theme");
    const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    document.body.classList.toggle("dark", dark);
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
  }

  function openEvidence(open = true) {
    document.body.classList.toggle("evidence-open", open);
    if (open) document.body.classList.remove("rail-open");
  }

  function focusCard(id) {
    const card = document.getElementById(id);
    if (!card) return false;
    openEvidence();
    document.querySelectorAll(".card.focus").forEach((other) => other.classList.remove("focus"));
    card.classList.add("focus");
    card.scrollIntoView({ block: "start", behavior: "instant" });
    card.focus({ preventScroll: true });
    return true;
  }

  /* One tooltip for all citation numbers. */
  let tip;
  function showTip(chip) {
    if (!chip.dataset.title) return;
    tip = tip || document.body.appendChild(Object.assign(document.createElement("div"), { id: "tip" }));
    tip.setAttribute("role", "tooltip");
    tip.replaceChildren();
    const line = (name, text) => {
      if (!text) return;
      const part = document.createElement("p");
      part.className = name;
      part.textContent = text;
      tip.append(part);
    };
    line("who", [chip.dataset.publisher, chip.dataset.date].filter(Boolean).join(" · "));
    line("what", chip.dataset.title);
    if (chip.dataset.document && chip.dataset.document !== chip.dataset.title) line("where", chip.dataset.document);
    if (!chip.classList.contains("supported")) {
      line("doubt", [chip.dataset.verdict, chip.dataset.reasons].filter(Boolean).join(": "));
    }
    tip.style.display = "block";
    const box = chip.getBoundingClientRect();
    const left = Math.min(Math.max(8, box.left - 20), innerWidth - tip.offsetWidth - 8);
    const above = box.top - tip.offsetHeight - 8;
    tip.style.left = `${left}px`;
    tip.style.top = `${above > 8 ? above : box.bottom + 8}px`;
  }
  const hideTip = () => { if (tip) tip.style.display = "none"; };
  const chipOf = (event) => event.target.closest && event.target.closest(".chip[data-title]");
  document.addEventListener("mouseover", (event) => { const chip = chipOf(event); chip ? showTip(chip) : hideTip(); });
  document.addEventListener("focusin", (event) => { const chip = chipOf(event); chip ? showTip(chip) : hideTip(); });
  document.addEventListener("scroll", hideTip, true);

  const local = {
    skip() { $("#question textarea").focus(); },
    menu() { document.body.classList.toggle("rail-open"); document.body.classList.remove("evidence-open"); },
    evidence() {
      if (phone()) openEvidence(!document.body.classList.contains("evidence-open"));
      else document.body.classList.toggle("evidence-hidden");
    },
    "close-evidence"() { openEvidence(false); },
    theme() {
      localStorage.setItem("assistant_theme", document.body.classList.contains("dark") ? "light" : "dark");
      applyTheme();
    },
    language(button) {
      document.cookie = `${LANGUAGE}=${button.dataset.to}; path=/; max-age=31536000; samesite=lax`;
      location.reload();
    },
    note(link) {
      const note = document.getElementById(link.dataset.target);
      if (note) note.scrollIntoView({ block: "center" });
    },
    fact(dot) {
      const fact = document.getElementById(dot.dataset.target);
      if (fact) { fact.scrollIntoView({ block: "center" }); fact.focus({ preventScroll: true }); }
    },
    edit(button) {
      const form = $(".edit-form", button.parentElement);
      form.hidden = !form.hidden;
      if (!form.hidden) $("textarea", form).focus();
    },
    "cancel-edit"(button) { button.closest("form").hidden = true; },
    bad(button) {
      const form = $(".feedback-form", button.closest(".turn"));
      form.hidden = !form.hidden;
      if (!form.hidden) $("textarea", form).focus();
    },
    "cancel-bad"(button) { button.closest("form").hidden = true; },
    rename(button) {
      const form = $("form", button.parentElement);
      form.hidden = !form.hidden;
      if (!form.hidden) $("input", form).select();
    },
    async copy(button) {
      const text = button.dataset.copy;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        // Pages that are not served over https have no clipboard of their own.
        const area = Object.assign(document.createElement("textarea"), { value: text });
        document.body.append(area);
        area.select();
        document.execCommand("copy");
        area.remove();
      }
      button.classList.add("done");
      button.title = button.dataset.done;
      setTimeout(() => button.classList.remove("done"), 1500);
    },
  };

  /* Gradio has text fields only; the browser's own date field knows its user's calendar and language. */
  function dateFields() {
    document.querySelectorAll("#scope-since input, #scope-until input").forEach((field) => {
      if (field.type !== "date") field.type = "date";
    });
  }

  const askTab = () => { const tab = $("#tabs [role=tab]"); if (tab && tab.getAttribute("aria-selected") !== "true") tab.click(); };

  function watchThread() {
    const scroll = $("#scroll");
    if (!scroll) return;
    let pinned = true;
    scroll.addEventListener("scroll", () => {
      pinned = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 120;
    });
    new MutationObserver(() => {
      const live = $("#live .turn");
      if (live && !live.dataset.seen) {
        live.dataset.seen = "1";
        scroll.scrollTop = scroll.scrollHeight;
      } else if (pinned && live) scroll.scrollTop = scroll.scrollHeight;
    }).observe(scroll, { childList: true, subtree: true, characterData: true });
  }

  function arrived(element) {
    const thread = $(".thread[data-conversation]", element);
    if (thread && element.closest("#thread")) {
      const id = thread.dataset.conversation;
      const url = new URL(location.href);
      if (id !== (url.searchParams.get("c") || "")) {
        id ? url.searchParams.set("c", id) : url.searchParams.delete("c");
        history.replaceState(null, "", url);
      }
    }
    const panel = $(".panel[data-scroll]", element);
    if (!panel) return;
    document.body.classList.toggle("reading", !!panel.dataset.reader);
    const where = panel.dataset.scroll;
    if (panel.dataset.reader) openEvidence();
    if (where === "quote") {
      const mark = $("mark.quote, .sheet .box", panel);
      if (mark) mark.scrollIntoView({ block: "center", behavior: "instant" });
    } else if (where === "top") {
      const cited = $(".cited", panel);
      if (cited) cited.scrollIntoView({ block: "center", behavior: "instant" });
      else panel.parentElement.scrollTop = 0;
    } else if (where) focusCard(where);
  }

  window.desk = {
    click(event, send) {
      const own = event.target.closest("[data-ui]");
      if (own) {
        if (own.tagName === "A") event.preventDefault();
        local[own.dataset.ui](own);
        return;
      }
      const target = event.target.closest("[data-event]");
      if (!target || target.disabled) return;
      const { event: name, ...data } = target.dataset;
      if (data.confirm && !confirm(data.confirm)) return;
      hideTip();
      const menu = target.closest("details.menu");
      if (menu) menu.open = false;
      if (name === "cite" && focusCard(`card-${data.turn}-${data.number}`)) return;
      if (["cite", "read"].includes(name)) { openEvidence(); document.body.classList.remove("evidence-hidden"); }
      if (name === "ask") askTab();
      if (["ask", "open_conversation"].includes(name)) document.body.classList.remove("rail-open");
      if (name === "open_conversation") askTab();
      if (["pick_topic", "pick_entity", "pick_month", "only"].includes(name)) { askTab(); $("#question textarea").focus(); }
      send(name, { ...data });
    },
    submit(event, send) {
      const form = event.target.closest("form[data-submit]");
      if (!form) return;
      event.preventDefault();
      const { submit: name, ...data } = form.dataset;
      send(name, { ...data, ...Object.fromEntries(new FormData(form)) });
      form.hidden = true;
    },
    input(event, send) {
      const field = event.target.closest("[data-change]");
      if (field) { send(field.dataset.change, { ...field.dataset, value: field.value }); return; }
      const filter = event.target.closest("[data-filter]");
      if (!filter) return;
      const words = filter.value.trim().toLowerCase();
      document.querySelectorAll(`${filter.dataset.filter} [data-text]`).forEach((row) => {
        row.hidden = !!words && !row.dataset.text.includes(words);
      });
    },
    rendered(element, watch) {
      arrived(element);
      watch("value", () => arrived(element));
    },
    save(file) {
      const link = Object.assign(document.createElement("a"), { href: file.url, download: file.orig_name });
      document.body.append(link);
      link.click();
      link.remove();
    },
  };

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest && event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      askTab();
      $("#question textarea").focus();
    } else if (event.key === "Escape") {
      hideTip();
      document.body.classList.remove("rail-open", "evidence-open");
      document.querySelectorAll("details.menu[open]").forEach((menu) => { menu.open = false; });
    }
  });
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    if (!event.target.closest("#rail, [data-ui=menu], .options")) document.body.classList.remove("rail-open");
  });
  const ready = () => {
    applyTheme();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyTheme);
    const wait = new MutationObserver(() => {
      if ($("#scroll")) { wait.disconnect(); watchThread(); applyTheme(); }
    });
    wait.observe(document.body, { childList: true, subtree: true });
    new MutationObserver(dateFields).observe(document.body, { childList: true, subtree: true });
  };
  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", ready) : ready();
})();
