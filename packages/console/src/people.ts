/** Actors by name where the name's opening is still there, else by the id that the ledger knows. */
import type { Opening, Registry } from "@countermand/record";
import { html, type Html } from "./html.ts";

/** Shows an actor's id as a person reads it. */
export type ShowActor = (actor: string) => Html;

export function actors(registry: Registry, openings: readonly Opening[]): ShowActor {
  const texts = new Map(openings.map((opening) => [opening.commitment, opening.value]));
  return (actor) => {
    const person = Object.hasOwn(registry.persons, actor) ? registry.persons[actor] : undefined;
    const name = person?.name === undefined ? undefined : texts.get(person.name);
    if (typeof name === "string") {
      return html`<bdi>${name}</bdi> <span class="id">${actor}</span>`;
    }
    return actor === registry.system.actor
      ? html`the system`
      : html`<span class="id">${actor}</span>`;
  };
}
