/**
 * The frame around every page. A page is a title, an optional topic that it follows live,
 * and a body.
 */
import type { ComponentChildren, VNode } from "preact";
import { renderToString } from "preact-render-to-string";
import { AssetVersion } from "../parts/icon.tsx";
import { Header, type HeaderProps } from "./header.tsx";

export interface Frame extends HeaderProps {
  readonly title: string;
  readonly body: ComponentChildren;
  /**
   * The topic of the page, as in `/events?topic=`, and its fingerprint when it was read.
   */
  readonly live?: { readonly topic: string; readonly mark: string };
  /** The path under which the page is reached; empty for none. */
  readonly basePath: string;
  readonly notice: string | undefined;
  /** The colours that the reader chose; undefined: those of the system. */
  readonly theme: Theme | undefined;
}

export const THEMES = ["light", "dark"] as const;
type Theme = (typeof THEMES)[number];

/**
 * Stands for the nonce until the page is sent, so that the same page always has the same
 * fingerprint.
 */
export const NONCE = "__nonce__";

/** Stands for the fingerprint of the page, which is known after the page is rendered. */
export const ETAG = "__etag__";

function Page({ title, body, live, basePath, notice, theme, ...header }: Frame): VNode {
  const { assets, health } = header;
  return (
    <html lang="en" data-theme={theme} data-base={basePath || undefined}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · dagsmith`}</title>
        <link rel="icon" href={`/assets/icon.svg?v=${assets}`} type="image/svg+xml" />
        <link rel="stylesheet" href={`/assets/page.css?v=${assets}`} />
        {health && <script type="module" src={`/assets/page.js?v=${assets}`} nonce={NONCE} />}
      </head>
      <body data-topic={live?.topic} data-mark={live?.mark} data-etag={live && ETAG}>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        {notice !== undefined && <p class="notice">{notice}</p>}
        <Header {...header} />
        <main id="main" tabIndex={-1}>
          {body}
        </main>
      </body>
    </html>
  );
}

/** A whole HTML document, with {@link NONCE} in place of the nonce. */
export function renderPage(frame: Frame): string {
  const page = (
    <AssetVersion.Provider value={frame.assets}>
      <Page {...frame} />
    </AssetVersion.Provider>
  );
  return `<!doctype html>${renderToString(page)}`;
}
