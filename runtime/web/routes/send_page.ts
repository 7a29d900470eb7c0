/**
 * Sends pages: in their frame, with a fingerprint, without a cache. A script that has the
 * page already gets what changed of it.
 */
import { createHash } from "node:crypto";
import type { Request, Response } from "express";
import { mayAlso, visibleTags } from "../http/access.ts";
import { htmlUnder } from "../http/base_path.ts";
import { callerOf } from "../http/caller.ts";
import { sendCompressed } from "../http/compressed.ts";
import type { WebServices } from "../http/services.ts";
import { changedParts } from "../live/changed_parts.ts";
import { livePartsOf } from "../live/live_parts.ts";
import type { SentPages } from "../live/sent_pages.ts";
import { readHealth } from "../read/read_health.ts";
import { readOpenCount } from "../read/read_questions.ts";
import { ETAG, type Frame, NONCE, renderPage, THEMES } from "../views/frame/page.tsx";
import { PLACES } from "../views/frame/places.ts";

/**
 * Sends a page. A script that sends the ETag of its page gets the parts that changed, or
 * 304 when nothing changed.
 */
export async function sendPage(
  services: WebServices,
  request: Request,
  response: Response,
  page: Pick<Frame, "title" | "body"> & Partial<Pick<Frame, "live">>,
): Promise<void> {
  const { notice, assets, basePath, sent } = services;
  const html = htmlUnder(
    basePath,
    renderPage({
      basePath,
      ...page,
      path: request.path,
      places: PLACES.filter(({ permission }) => mayAlso(request, permission, null)),
      theme: themeOf(request),
      health: await readHealth(services),
      open: await readOpenCount(services, visibleTags(request)),
      account: accountOf(request),
      notice,
      assets: assets.version,
    }),
  );
  const etag = createHash("sha256").update(html).digest("base64url");
  response.set("ETag", `"${etag}"`);
  const known = request.get("X-Live") === "1" ? etagIn(request.get("If-None-Match")) : "";
  if (known === etag) return void response.status(304).end();
  if (!page.live) return sendHtml(response, html);
  return sendLive(sent, response, { html, etag, known });
}

/** The part of the header that is the ETag itself; empty for none. */
const etagIn = (header = ""): string => /^"([^"]*)"$/.exec(header)?.[1] ?? "";

interface LivePage {
  readonly html: string;
  readonly etag: string;
  /** The ETag of the page that the reader has; empty for none. */
  readonly known: string;
}

/** The page with its ETag in it, for its script; what changed for one that has the page. */
async function sendLive(
  sent: SentPages,
  response: Response,
  { html, etag, known }: LivePage,
): Promise<void> {
  const rows = sent.rows(known);
  if (!rows) {
    await sendHtml(response, html.replace(`data-etag="${ETAG}"`, `data-etag="${etag}"`));
    // After the answer: a reader of a large page must not wait for its fingerprints.
    return sent.add(etag, livePartsOf(html));
  }
  const parts = livePartsOf(html);
  sent.add(etag, parts);
  await sendHtml(response, changedParts(html, parts, rows));
}

/** The script of the page keeps the choice in a cookie, so that no page flashes. */
function themeOf({ headers }: Request): Frame["theme"] {
  const chosen = /(?:^|;\s*)dagsmith_theme=(\w+)/.exec(headers.cookie ?? "")?.[1];
  return THEMES.find((theme) => theme === chosen);
}

/** Programs that send a token have no account to show. */
function accountOf(request: Request): Frame["account"] {
  const { user, session } = callerOf(request);
  if (!user || !session) return null;
  const { formToken } = session;
  return { name: user.name, formToken };
}

/** Sends a page that needs no database. */
export async function sendPlain(
  { assets, basePath }: Pick<WebServices, "assets" | "basePath">,
  response: Response,
  status: number,
  title: string,
  body: Frame["body"],
): Promise<void> {
  const html = htmlUnder(
    basePath,
    renderPage({
      ...{ title, body, basePath, path: response.req.path, places: [], assets: assets.version },
      ...{ theme: themeOf(response.req), health: undefined, notice: undefined, account: null },
      open: "",
    }),
  );
  response.status(status);
  await sendHtml(response, html);
}

function sendHtml(response: Response, html: string): Promise<void> {
  response.set("Cache-Control", "no-store").type("html");
  return sendCompressed(response, html.replaceAll(NONCE, String(response.locals.nonce)));
}
