/** Version of the package, as in its manifests; `tests/cli` compares them. */
export const VERSION = "0.1.0";
