declare module 'kafkajs-snappy' {
  interface Codec {
    compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
    decompress(bytes: Buffer): Promise<Buffer>;
  }
  export default function snappy(): Codec;
}

declare module 'lz4js' {
  const lz4: {
    compress(bytes: Uint8Array): Uint8Array;
    /** `size` is what the output may hold at most. */
    decompress(bytes: Uint8Array, size: number): Uint8Array;
  };
  export default lz4;
}
