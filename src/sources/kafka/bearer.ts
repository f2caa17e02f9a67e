import type { Mechanism } from 'kafkajs';

const SEPARATOR = '\u0001';

/**
 * SASL OAUTHBEARER (RFC 7628). A broker that refuses a token answers with its reason as if all were well; the library's own
 * mechanism takes that for a yes, and learns no more than that the connection was closed.
 */
export function bearer(token: () => string): Mechanism {
  return {
    mechanism: 'oauthbearer',
    authenticationProvider: ({ saslAuthenticate }) => ({
      async authenticate() {
        const message = withLength(Buffer.from(`n,,${SEPARATOR}auth=Bearer ${token()}${SEPARATOR}${SEPARATOR}`));
        const refusal = await saslAuthenticate({
          request: { encode: () => message },
          response: { decode: (answer) => Promise.resolve(answer), parse: (answer) => answer.subarray(4).toString() },
        });
        if (typeof refusal === 'string' && refusal !== '') throw new Error(`OAUTHBEARER: the token is refused: ${refusal}`);
      },
    }),
  };
}

/** Bytes in Kafka's protocol come after their length. */
function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
