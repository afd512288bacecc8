// Writes as Joe and prints what he is answered: node client.mjs "Where is my order?"
import { createHmac, randomUUID } from "node:crypto";

const url = process.env.OMNIROUTE_URL; // https://desk.example/channels/http/partners/shop
const key = Buffer.from(process.env.OMNIROUTE_SECRET.replace("whsec_", ""), "base64");

// POST signed JSON; who tries again gives the same id.
async function call(path, value, id = randomUUID()) {
  const at = Math.floor(Date.now() / 1000);
  const body = JSON.stringify(value);
  const mac = createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64");
  const headers = { "webhook-id": id, "webhook-timestamp": `${at}`, "webhook-signature": `v1,${mac}` };
  const answer = await fetch(`${url}/${path}`, { method: "POST", body, headers });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

const joe = { id: "17", name: "Joe Miller" };
await call("events", { type: "message", id: randomUUID(), from: joe, text: process.argv[2] });
let news = { cursor: "", items: [] };
while (!news.items.some((item) => item.type === "message")) {
  news = await call("poll", { after: news.cursor, wait: 25 });
}
for (const item of news.items) {
  console.log(`${item.author ?? ""}: ${item.text ?? ""}`);
}
await call("poll", { after: news.cursor, wait: 0 }); // it has arrived, and is not told again
