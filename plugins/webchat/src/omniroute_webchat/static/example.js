// Does what one line of HTML does on a real page; the token comes from this page's own address.
const token = new URLSearchParams(location.hash.slice(1)).get("token");
if (token) history.replaceState(null, "", location.pathname);
const widget = document.createElement("script");
widget.src = "widget.js";
if (token) widget.dataset.token = token;
document.head.append(widget);
