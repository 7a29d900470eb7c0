/** An icon of the sprite, for the eye only: the text next to it, or a label, names it. */
import { createContext, type VNode } from "preact";
import { useContext } from "preact/hooks";
import type { IconName } from "./icons.ts";

/** The version of the assets, which is part of every address of the sprite. */
export const AssetVersion = createContext("");

export function Icon({ name }: { readonly name: IconName }): VNode {
  const version = useContext(AssetVersion);
  return (
    <svg class="icon" aria-hidden="true">
      <use href={`/assets/icons.svg?v=${version}#${name}`} />
    </svg>
  );
}
