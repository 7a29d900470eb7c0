/** The links between the pages of what DAGs share: pools, connections and variables. */
import type { VNode } from "preact";

const SETUP_PLACES = ["pools", "connections", "variables"] as const;
export type SetupPlace = (typeof SETUP_PLACES)[number];

export function SetupTabs({
  at,
  places,
}: {
  readonly at: SetupPlace;
  /** Those that the user may see. */
  readonly places: readonly SetupPlace[];
}): VNode | null {
  if (places.length < 2) return null;
  return (
    <nav class="tabs" aria-label="Shared by DAGs">
      {places.map((place) => (
        <a href={`/${place}`} aria-current={place === at ? "page" : undefined}>
          {place.charAt(0).toUpperCase() + place.slice(1)}
        </a>
      ))}
    </nav>
  );
}
