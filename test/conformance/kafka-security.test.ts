import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KafkaConnection } from '../../src/sources/kafka/config.ts';
import { scratchForAll } from '../support/cli.ts';
import { hasKafka, KafkaBroker } from '../support/kafka-broker.ts';
import { countedIn, expectedOf, messages, produce, watchTopic } from '../support/kafka-reading.ts';
import { storeOf } from '../support/stores.ts';

const isNeeded = (process.env['FOOTPATH_CI'] ?? '') !== '';

/** A key and a certificate for `kafka.test`, signed by itself. */
function certificate(folder: string): { readonly key: string; readonly cert: string } {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const { status, stderr } = spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=kafka.test', '-addext', 'subjectAltName=DNS:kafka.test'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl made no certificate: ${stderr}`);
  return { key, cert };
}

/** As a property of one line. */
const oneLine = (path: string): string => readFileSync(path, 'utf8').trim().replaceAll('\n', '\\n');

/** A token that nobody signed, which a broker without further settings takes. */
function token(subject: string, from = -60, to = 3_600): string {
  const now = Math.floor(Date.now() / 1_000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: now + from, exp: now + to })}.`;
}

if (!hasKafka('4.1') && !isNeeded) it.skip('a real Kafka broker that asks who comes: FOOTPATH_KAFKA names no folder of its jars (.ci/kafka-jars.sh brings them)');
else {
  describe('a broker that asks who comes', () => {
    const folder = scratchForAll();
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    let broker: KafkaBroker;
    let sasl = '';
    let tls = '';
    let both = '';
    let cert = '';
    beforeAll(async () => {
      mkdirSync(join(folder, 'tls'));
      const pair = certificate(join(folder, 'tls'));
      ({ cert } = pair);
      broker = await KafkaBroker.start({
        version: '4.1',
        folder: join(folder, 'kafka'),
        format: ['--add-scram', 'SCRAM-SHA-256=[name=alice,password=secret-256]', '--add-scram', 'SCRAM-SHA-512=[name=alice,password=secret-512]'],
        listeners: async (port) => {
          [sasl, tls, both] = [`127.0.0.1:${await port()}`, `127.0.0.1:${await port()}`, `127.0.0.1:${await port()}`];
          const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="secret-plain";';
          const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
          const bearer = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";';
          return {
            listeners: [`SASL_PLAINTEXT://${sasl}`, `SSL://${tls}`, `SASL_SSL://${both}`],
            properties: [
              'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
              ...['sasl_plaintext', 'sasl_ssl'].flatMap((name) => [
                `listener.name.${name}.plain.sasl.jaas.config=${plain}`,
                `listener.name.${name}.scram-sha-256.sasl.jaas.config=${scram}`,
                `listener.name.${name}.scram-sha-512.sasl.jaas.config=${scram}`,
                `listener.name.${name}.oauthbearer.sasl.jaas.config=${bearer}`,
              ]),
              'ssl.keystore.type=PEM',
              `ssl.keystore.certificate.chain=${oneLine(cert)}`,
              `ssl.keystore.key=${oneLine(pair.key)}`,
            ],
          };
        },
      });
      await broker.createTopic('flows', 3);
      await broker.use((kafka) => produce(kafka, 'flows', messages(0, 300, 3)));
    }, 60_000);
    afterAll(() => broker.stop());

    const trusting = (): KafkaConnection['tls'] => ({ caFile: cert, serverName: 'kafka.test' });
    const password = (mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512', secret: string): KafkaConnection['sasl'] => ({ mechanism, username: 'alice', passwordFile: file(`password-${secret}`, `${secret}\n`) });

    it.each<[string, () => { readonly broker: string } & Partial<KafkaConnection>]>([
      ['TLS', () => ({ broker: tls, tls: trusting() })],
      ['PLAIN', () => ({ broker: sasl, sasl: password('plain', 'secret-plain') })],
      ['SCRAM-SHA-256', () => ({ broker: sasl, sasl: password('scram-sha-256', 'secret-256') })],
      ['SCRAM-SHA-512 within TLS', () => ({ broker: both, tls: trusting(), sasl: password('scram-sha-512', 'secret-512') })],
      ['OAUTHBEARER within TLS', () => ({ broker: both, tls: trusting(), sasl: { mechanism: 'oauthbearer', tokenFile: file('token', `${token('alice')}\n`) } })],
    ])('is read: %s', async (name, how) => {
      const { broker: address, ...connection } = how();
      const store = storeOf();
      const watching = watchTopic(store, { brokers: [address], topic: 'flows', group: `by ${name}`, ...connection });
      await watching.until(300);
      await watching.stop();
      expect(countedIn(store)).toEqual(expectedOf(300));
      expect(watching.troubles).toEqual([]);
    });

    it.each<[string, () => { readonly broker: string } & Partial<KafkaConnection>, RegExp]>([
      ['a wrong password', () => ({ broker: sasl, sasl: password('plain', 'wrong') }), /PLAIN|[Aa]uthentication/],
      ['a wrong password for SCRAM', () => ({ broker: sasl, sasl: password('scram-sha-256', 'wrong-too') }), /SCRAM|[Aa]uthentication/],
      ['a token that has expired', () => ({ broker: sasl, sasl: { mechanism: 'oauthbearer', tokenFile: file('old-token', token('alice', -7_200, -3_600)) } }), /OAUTHBEARER: the token is refused: \{"status":"invalid_token"/],
      ['a certificate that nobody it trusts has signed', () => ({ broker: tls, tls: true }), /self-signed certificate/],
      ['a certificate for another name', () => ({ broker: tls, tls: { caFile: cert } }), /altnames|IP: 127\.0\.0\.1/],
    ])('is not read with %s, and says why', async (_, how, reason) => {
      const { broker: address, ...connection } = how();
      const watching = watchTopic(storeOf(), { brokers: [address], topic: 'flows', group: 'nobody', ...connection });
      for (let i = 0; i < 400 && watching.troubles.length === 0; i++) await new Promise((resolve) => void setTimeout(resolve, 50));
      await watching.stop();
      expect(watching.troubles[0]).toMatch(reason);
      expect(watching.troubles[0]).toContain(`topic flows at ${address}: `);
    });
  });
}
