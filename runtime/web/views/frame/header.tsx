/** The bar on top of every page: where one can go, search, health, zone and colours. */
import type { VNode } from "preact";
import type { Health } from "../../../store/reads/health.ts";
import { Icon } from "../parts/icon.tsx";
import { type Account, AccountLinks } from "./account_links.tsx";
import type { Place } from "./places.ts";

export interface HeaderProps {
  /** The path of the page. */
  readonly path: string;
  /** The places that the reader may open. */
  readonly places: readonly Place[];
  readonly assets: string;
  /** Absent on pages that read no database. */
  readonly health: Health | undefined;
  /** How many questions are open, as text; empty for none. */
  readonly open: string;
  /** Null before the login, and for programs. */
  readonly account: Account | null;
}

export function Header({ path, places, assets, health, open, account }: HeaderProps): VNode {
  return (
    <header class="top">
      <a class="brand" href="/">
        <img src={`/assets/icon.svg?v=${assets}`} alt="" width="22" height="22" />
        dagsmith
      </a>
      {health && <Places path={path} places={places} open={open} />}
      <span class="grow" />
      {health && <Search />}
      <span id="connection" class="connection" role="status" />
      {health && (
        <>
          <span id="health" data-live>
            <HealthDots health={health} />
          </span>
          <span id="clock" class="clock">
            <span class="wide">times in </span>UTC
          </span>
          <span id="theme" />
        </>
      )}
      {account && <AccountLinks {...account} />}
    </header>
  );
}

function Places({ path, places, open }: Pick<HeaderProps, "path" | "places" | "open">): VNode {
  return (
    <nav class="places" aria-label="Main">
      {places.map(
        ({ href, label, owns }) =>
          owns && (
            <a href={href} aria-current={owns.test(path) ? "true" : undefined}>
              {label}
              {label === "Inbox" && (
                <span id="inbox-count" class="count" data-live>
                  {open}
                </span>
              )}
            </a>
          ),
      )}
    </nav>
  );
}

/** Without a script it leads to the page of the search; with one it opens the palette. */
function Search(): VNode {
  return (
    <search>
      <form class="find-all" method="get" action="/search">
        <Icon name="search" />
        <input type="search" name="q" placeholder="Search" aria-label="Search" maxLength={200} />
        <kbd>/</kbd>
      </form>
    </search>
  );
}

function HealthDots({ health }: { readonly health: Health }): VNode {
  const { schedulers, workers, slots } = health;
  return (
    <a class="health" href="/system">
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
    </a>
  );
}

interface DotProps {
  readonly ok: boolean;
  readonly label: string;
  readonly title: string;
}

function Dot({ ok, label, title }: DotProps): VNode {
  return (
    <span class={ok ? "dot ok" : "dot bad"} title={title}>
      <i class="glyph" aria-hidden="true" />
      {label}
    </span>
  );
}
