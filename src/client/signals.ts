/**
 * Keeps a SIGHUP that arrives before the first lookup from ending the process. Import it before
 * anything else in a program that uses `service()` without `config()`:
 *
 * ```ts
 * import "@piloted/core/signals";
 * import { service } from "@piloted/core";
 *
 * if (typeof service !== "function") throw new Error("not reached");
 * ```
 *
 * It is the only module of this package that does something when it is imported. Nothing is lost by
 * ignoring such a signal: the first lookup reads everything anyway. On Node and Bun worker threads
 * do not receive signals: import it in the main thread, which forwards them.
 *
 * @module
 */
import { onSignal } from "../runtime/signals.ts";

onSignal("SIGHUP", () => {});
