// Puts the chat onto a page of yours:
//
//   <script src="https://desk.example/channels/webchat/main/widget.js" data-token="…" async></script>
//
// data-token says who the visitor is; leave it out for guests.  Later, from your own script:
//
//   OmniRouteChat.identify(token)   OmniRouteChat.open()   OmniRouteChat.close()
//   OmniRouteChat.signOut()         when the visitor signs out of your site
(() => {
  const given = "GIVEN";
  if (window.OmniRouteChat) return; // once is enough
  const script = document.currentScript;
  const home = new URL(".", script.src);
  const language = document.documentElement.lang.slice(0, 2);
  const words = given.words[language] ?? given.words.en;

  const PLACE = `omniroute-chat:${home.href}`;

  let ready = false;
  let isOpen = false;
  const waiting = []; // until the frame is there

  const STYLE = `
    :host { all: initial; color-scheme: light dark; }
    [hidden] { display: none !important; }
    button {
      position: fixed; inset-block-end: 20px; inset-inline-end: 20px; z-index: 2147483000;
      display: grid; place-items: center; inline-size: 60px; block-size: 60px; padding: 0;
      border: 0; border-radius: 50%; background: ${given.accent}; color: ${given.onAccent};
      box-shadow: 0 6px 24px rgb(0 0 0 / .28); cursor: pointer;
    }
    button:focus-visible { outline: 3px solid ${given.onAccent}; outline-offset: -6px; }
    svg { inline-size: 28px; block-size: 28px; fill: none; stroke: currentcolor;
          stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
    .badge {
      position: absolute; inset-block-start: -3px; inset-inline-end: -3px; min-inline-size: 22px;
      box-sizing: border-box; padding: 0 6px; border: 2px solid #fff; border-radius: 99px;
      background: #b42318; color: #fff; font: 600 12px/20px system-ui, sans-serif;
    }
    iframe {
      position: fixed; inset-block-end: 92px; inset-inline-end: 20px; z-index: 2147483001;
      inline-size: 400px; block-size: min(640px, calc(100dvh - 112px)); box-sizing: border-box;
      border: 1px solid rgb(128 128 128 / .35); border-radius: 18px; background: Canvas; box-shadow: 0 12px 48px rgb(0 0 0 / .3);
    }
    @media (max-width: 480px), (max-height: 480px) {
      iframe { inset: 0; inline-size: 100%; block-size: 100%; border: 0; border-radius: 0; }
    }
    @media (prefers-reduced-motion: no-preference) {
      button { transition: transform .15s; }
      button:hover { transform: scale(1.06); }
      iframe { animation: rise .18s ease-out; }
      @keyframes rise { from { opacity: 0; transform: translateY(12px); } }
    }
    @media print { button, iframe { display: none; } }
    @media (forced-colors: active) { button { border: 2px solid ButtonText; } }`;

  const place = document.createElement("div");
  const root = place.attachShadow({ mode: "open" });
  // A constructed sheet is no inline style, so the page's own policy has nothing against it.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];

  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  picture.append(path);
  const badge = document.createElement("span");
  badge.className = "badge";
  badge.setAttribute("aria-hidden", "true");
  badge.hidden = true;
  button.append(picture, badge);
  root.append(button);

  const frame = document.createElement("iframe");
  frame.title = given.title || words.title;
  frame.src = home.href;
  frame.hidden = true;

  function draw(count = 0) {
    path.setAttribute("d", isOpen
      ? "M6 9l6 6 6-6"
      : "M20 12a8 7 0 0 1-8 7 9 9 0 0 1-3-.5L4 20l1.3-3.6A6.600 6.600 0 0 1 4 12a8 7 0 0 1 16 0z");
    const label = count ? words.open_unread.replace("{count}", count) : words.open;
    button.setAttribute("aria-label", isOpen ? words.close : label);
    button.setAttribute("aria-expanded", String(isOpen));
    badge.textContent = count > 99 ? "99+" : count;
    badge.hidden = !count || isOpen;
  }

  function tell(message) {
    if (ready) frame.contentWindow.postMessage(message, home.origin);
    else waiting.push(message);
  }

  // The frame is loaded when it is first needed: a page nobody chats on stays as quick as it was.
  function load() {
    if (!frame.isConnected) root.append(frame);
  }

  function show(open) {
    if (open) {
      load();
      keep(recall() ?? {});
    }
    isOpen = open;
    frame.hidden = !open;
    tell({ omniroute: open ? "shown" : "hidden" });
    draw();
    if (!open) button.focus();
  }

  addEventListener("message", (event) => {
    if (event.origin !== home.origin || event.source !== frame.contentWindow) return;
    const { omniroute: what, count, kept } = event.data ?? {};
    if (what === "ready") {
      ready = true;
      tell({ omniroute: "hello", token: script.dataset.token, kept: recall() });
      waiting.splice(0).forEach(tell);
    } else if (what === "keep") {
      keep(kept);
    } else if (what === "close") {
      show(false);
    } else if (what === "unread") {
      draw(count);
    }
  });

  button.addEventListener("click", () => show(!isOpen));
  draw();

  window.OmniRouteChat = {
    open: () => show(true),
    close: () => show(false),
    identify: (token) => { load(); tell({ omniroute: "token", token }); },
    signOut: () => { load(); tell({ omniroute: "sign-out" }); },
  };

  // Who has opened the chat is remembered here; and, in browsers that let the frame keep nothing,
  // what it would keep.  Storage may be denied to us, too.
  function keep(kept) {
    try { localStorage.setItem(PLACE, JSON.stringify(kept)); } catch { /* denied */ }
  }

  function recall() {
    try { return JSON.parse(localStorage.getItem(PLACE)); } catch { return null; }
  }

  const begin = () => {
    document.body.append(place);
    // A token ages, and who has chatted before may have an answer waiting.
    if (script.dataset.token || recall()) load();
    if (script.dataset.open !== undefined) show(true);
  };
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
})();
