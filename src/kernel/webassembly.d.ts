/** As much of WebAssembly's interface for JavaScript as the kernel needs: Node's own types leave it out. */
declare namespace WebAssembly {
  /** A compiled module; nothing is asked of it. */
  type Module = object;
  interface Instance {
    readonly exports: Readonly<Record<string, unknown>>;
  }
  interface Memory {
    readonly buffer: ArrayBuffer;
  }
  interface Global {
    readonly value: number;
  }
  const Module: new (bytes: Uint8Array) => Module;
  const Instance: new (module: Module) => Instance;
  function validate(bytes: Uint8Array): boolean;
}
