/**
 * The frame around every page. A page is a title, an optional topic that it follows live,
 * and a body.
 */
import type { ComponentChildren, VNode } from "preact";
import { renderToString } from "preact-render-to-string";
import type { Health } from "../../../store/reads/health.ts";

export interface Frame {
  readonly title: string;
  readonly body: ComponentChildren;
  /**
   * The topic of the page, as in `/events?topic=`, and its fingerprint when it was read.
   */
  readonly live?: { readonly topic: string; readonly mark: string };
  readonly health?: Health;
  readonly notice: string | undefined;
  /** The version of the assets. */
  readonly assets: string;
  /** Shown when sessions are in use. */
  readonly logout: VNode | undefined;
}

/**
 * Stands for the nonce until the page is sent, so that the same page always has the same
 * fingerprint.
 */
export const NONCE = "__nonce__";

function Dot({
  ok,
  label,
  title,
}: {
  readonly ok: boolean;
  readonly label: string;
  readonly title: string;
}): VNode {
  return (
    <span class={ok ? "dot ok" : "dot bad"} title={title}>
      <i class="glyph" aria-hidden="true" />
      {label}
    </span>
  );
}

function HealthDots({ health }: { readonly health: Health }): VNode {
  const { schedulers, workers, slots } = health;
  return (
    <span class="health">
      <Dot
        ok={schedulers > 0}
        label={schedulers > 0 ? "scheduler" : "no scheduler"}
        title={`${schedulers} with a fresh heartbeat`}
      />
      <Dot
        ok={workers > 0}
        label={`${workers} ${workers === 1 ? "worker" : "workers"}`}
        title={`${slots} slots`}
      />
    </span>
  );
}

function Page({ title, body, live, health, notice, assets, logout }: Frame): VNode {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · dagsmith`}</title>
        <link rel="icon" href={`/assets/icon.svg?v=${assets}`} type="image/svg+xml" />
        <link rel="stylesheet" href={`/assets/page.css?v=${assets}`} />
        {health && (
          <script type="module" src={`/assets/islands/page.js?v=${assets}`} nonce={NONCE} />
        )}
      </head>
      <body data-topic={live?.topic} data-mark={live?.mark}>
        {notice !== undefined && <p class="notice">{notice}</p>}
        <header class="top">
          <a class="brand" href="/">
            <img src={`/assets/icon.svg?v=${assets}`} alt="" width="22" height="22" />
            dagsmith
          </a>
          <a href="/data">Assets</a>
          <a href="/pools">Pools</a>
          <span class="grow" />
          {health && (
            <span id="health" data-live>
              <HealthDots health={health} />
            </span>
          )}
          {health && (
            <span id="clock" class="clock">
              times in UTC
            </span>
          )}
          <span id="connection" class="connection" role="status" />
          {logout}
        </header>
        <main>{body}</main>
      </body>
    </html>
  );
}

/** A whole HTML document, with {@link NONCE} in place of the nonce. */
export function renderPage(frame: Frame): string {
  return `<!doctype html>${renderToString(<Page {...frame} />)}`;
}
