/**
 * Keeps a page current: one stream says that something changed, then the rows that
 * changed are fetched and replaced. The stream is closed while the page is hidden, so
 * that many tabs do not use up the browser's connections.
 */
import { addressOf } from "./address.ts";
import { adoptLog } from "./log.ts";
import { morph } from "./morph.ts";
import { followPanel } from "./panel.ts";
import { showTimes } from "./times.ts";
import { fillUnchanged } from "./unchanged.ts";

const SLOW_RETRY_MS = 5_000;

let stream: EventSource | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
/** Of what the page shows: the server answers what differs from it. */
let etag = `"${document.body.dataset.etag ?? ""}"`;
let busy = false;
let again = false;

export function startLive(): void {
  if (!document.body.dataset.topic) return;
  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
  window.addEventListener("pagehide", disconnect);
  if (!document.hidden) connect();
}

function connect(): void {
  if (stream) return;
  const { topic = "", mark = "" } = document.body.dataset;
  stream = new EventSource(
    addressOf(`/events?topic=${encodeURIComponent(topic)}&since=${encodeURIComponent(mark)}`),
  );
  stream.addEventListener("open", () => say(""));
  stream.addEventListener("changed", (event) => {
    document.body.dataset.mark = event.lastEventId;
    // refresh() never rejects: it shows its failure on the page.
    void refresh();
  });
  stream.addEventListener("error", () => {
    say("reconnecting…");
    // The browser reopens a broken stream, but not a stream that was answered with an
    // error, such as 503.
    if (stream?.readyState === EventSource.CLOSED) reconnectLater();
  });
}

function disconnect(): void {
  clearTimeout(retry);
  stream?.close();
  stream = undefined;
}

function reconnectLater(): void {
  disconnect();
  retry = setTimeout(connect, SLOW_RETRY_MS);
}

/**
 * Fetches what changed and replaces it. One request at a time; a
 * change during a request causes one more.
 */
export async function refresh(): Promise<void> {
  again = true;
  if (busy) return;
  busy = true;
  try {
    while (again) {
      again = false;
      await exchange();
    }
  } catch {
    say("reconnecting…");
  } finally {
    busy = false;
  }
}

async function exchange(): Promise<void> {
  const answer = await fetch(location.href, {
    headers: { "X-Live": "1", "If-None-Match": etag, Accept: "text/html" },
    cache: "no-store",
  });
  if (answer.redirected && new URL(answer.url).pathname === addressOf("/login"))
    return location.reload();
  if (!answer.ok) return;
  etag = answer.headers.get("ETag") ?? "";
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!replaceParts(fresh)) return fetchWhole();
  adoptLog(fresh);
  followPanel();
  showTimes();
}

/** @returns false when the page lacks a row that the answer leaves out */
function replaceParts(fresh: Document): boolean {
  const parts = [...document.querySelectorAll("[data-live]")];
  const changed = parts.flatMap((now) => {
    const next = fresh.getElementById(now.id);
    return next ? [[now, next] as const] : [];
  });
  if (!changed.every(([now, next]) => fillUnchanged(next, now))) return false;
  for (const [now, next] of changed) morph(now, next);
  return true;
}

function fetchWhole(): void {
  etag = "";
  again = true;
}

/** Shows in the head of the page that it is not live; an empty text: it is. */
function say(text: string): void {
  document.body.dataset.connection = text === "" ? "live" : "lost";
  const status = document.getElementById("connection");
  if (status && status.textContent !== text) status.textContent = text;
}
