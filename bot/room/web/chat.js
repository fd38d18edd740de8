// What the room's page does in the browser itself: the composer, calling members with @,
// uploading a picture, the drawer on a phone, and staying at the newest message.
// Everything is found by its `data-mark`; what was typed goes to the server as an event.
(() => {
  "use strict";
  const mark = (name) => document.querySelector(`[data-mark="${name}"]`);
  const box = () => mark("composer");

  function send() {
    const field = box();
    if (!field || !field.value.trim()) return;
    emitEvent("room-say", { text: field.value });
    field.value = "";
    fit(field);
    hideCalls();
  }

  // The field grows with its text, up to a third of the window.
  function fit(field) {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, window.innerHeight / 3)}px`;
  }

  // -- calling members -------------------------------------------------------------------
  let chosen = 0;

  function called(field) {
    const before = field.value.slice(0, field.selectionStart);
    const found = before.match(/@([^@\s]{0,24})$/);
    return found ? found[1] : null;
  }

  function showCalls(field) {
    const list = mark("calls");
    const typed = called(field);
    const names = JSON.parse(field.dataset.members || "[]");
    const fitting = typed === null ? [] :
      names.filter((name) => name.toLowerCase().includes(typed.toLowerCase())).slice(0, 6);
    chosen = 0;
    list.replaceChildren(...fitting.map((name, number) => {
      const line = document.createElement("button");
      line.type = "button";
      line.textContent = `@${name}`;
      line.className = "call";
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", number === chosen);
      line.addEventListener("mousedown", (event) => { event.preventDefault(); call(name); });
      return line;
    }));
    list.hidden = fitting.length === 0;
  }

  function hideCalls() {
    const list = mark("calls");
    if (list) list.hidden = true;
  }

  function call(name) {
    const field = box();
    const start = field.selectionStart - called(field).length;
    field.setRangeText(`${name} `, start, field.selectionStart, "end");
    hideCalls();
    field.focus();
  }

  function moveCall(step) {
    const lines = [...mark("calls").children];
    lines[chosen].setAttribute("aria-selected", false);
    chosen = (chosen + step + lines.length) % lines.length;
    lines[chosen].setAttribute("aria-selected", true);
  }

  // Whether the name stands there whole, and is no one else's: there is nothing left to choose.
  function isCalled(list) {
    const typed = called(box());
    const only = list.children.length === 1 ? list.children[0].textContent : null;
    return typed !== null && only === `@${typed}`;
  }

  function onKey(event) {
    const list = mark("calls");
    // Enter that ends the composition of a Chinese word is not meant to send.
    if (event.isComposing || event.keyCode === 229) return;
    if (list && !list.hidden && event.key === "Enter" && isCalled(list)) hideCalls();
    if (list && !list.hidden) {
      const act = {
        ArrowDown: () => moveCall(1),
        ArrowUp: () => moveCall(-1),
        Enter: () => call(list.children[chosen].textContent.slice(1)),
        Tab: () => call(list.children[chosen].textContent.slice(1)),
        Escape: hideCalls,
      }[event.key];
      if (act) {
        event.preventDefault();
        act();
        return;
      }
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    }
  }

  // -- pictures --------------------------------------------------------------------------
  async function upload(input) {
    const file = input.files[0];
    input.value = "";
    if (!file) return;
    let answer = { reason: "not_done" };
    try {
      const response = await fetch("/pictures", { method: "POST", body: file });
      answer = await response.json();
    } catch (error) {
      console.warn("The picture was not sent.", error);
    }
    emitEvent("room-picture", answer);
  }

  // -- the newest message ----------------------------------------------------------------
  function watch(list) {
    let near = true;
    let size = "";
    const measure = () => `${list.clientWidth} ${list.clientHeight}`;
    list.addEventListener("scroll", () => {
      if (measure() !== size) return; // the window moved the text, not the reader
      near = list.scrollHeight - list.scrollTop - list.clientHeight < 120;
    });
    const follow = () => { if (near) list.scrollTop = list.scrollHeight; };
    new MutationObserver(follow).observe(list, { childList: true, subtree: true });
    list.addEventListener("load", follow, true);
    // A phone is turned, or shows its keyboard.
    new ResizeObserver(() => { size = measure(); follow(); }).observe(list);
    follow();
    window.roomToEnd = () => { near = true; follow(); };
  }

  // The drawer of a phone takes the focus with it, there and back.
  function drawer(open) {
    const was = document.body.classList.contains("drawer-open");
    document.body.classList.toggle("drawer-open", open);
    if (open) mark("chats").querySelector("button")?.focus();
    else if (was) mark("menu")?.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.target === box()) onKey(event);
    else if (event.key === "Escape") drawer(false);
  });
  document.addEventListener("input", (event) => {
    if (event.target === box()) { fit(event.target); showCalls(event.target); }
  });
  document.addEventListener("change", (event) => {
    if (event.target === mark("picture-file")) upload(event.target);
  });
  document.addEventListener("click", (event) => {
    const name = event.target.closest("[data-mark]")?.dataset.mark;
    if (name === "send") send();
    else if (name === "picture") mark("picture-file").click();
    else if (name === "menu") drawer(true);
    else if (name === "shade" || event.target.closest(".chat-line, .join")) drawer(false);
  });

  window.roomGiveBack = (text) => {
    const field = box();
    if (field && !field.value) { field.value = text; fit(field); }
  };
  const waiting = setInterval(() => {
    const list = mark("messages");
    if (list) { clearInterval(waiting); watch(list); }
  }, 50);
})();
