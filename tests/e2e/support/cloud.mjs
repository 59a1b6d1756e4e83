/** One of the four clouds behind a fault proxy: S3 is the store itself, the others a gateway in front of it. */
import { Gateway } from './gateway/index.mjs';
import { signers } from './gateway/sign.mjs';
import { Proxy } from './proxy.mjs';
import { credentials } from './s3.mjs';
import { startSigner } from './signer.mjs';

/** All of them. */
export const kinds = /** @type {const} */ (['s3', 'oss', 'cos', 'bos']);

/** Seconds for which credentials are good unless a scenario says otherwise. */
const LIFE = 3600;

export class Cloud {
  /** How often the page has asked for credentials. */
  asked = 0;

  /**
   * @param {typeof kinds[number]} kind
   * @param {import('./world.mjs').World} world
   * @param {Proxy} proxy
   * @param {Gateway | null} gateway
   */
  constructor(kind, world, proxy, gateway) {
    this.kind = kind;
    this.world = world;
    this.proxy = proxy;
    this.gateway = gateway;
  }

  /**
   * @param {typeof kinds[number]} kind
   * @param {import('./world.mjs').World} world
   */
  static async start(kind, world) {
    if (kind === 's3') return new Cloud(kind, world, world.proxy, null);
    const gateway = await Gateway.start(kind, world.bucket, world.scope);
    const proxy = await Proxy.start(gateway.origin, world.scope);
    return new Cloud(kind, world, proxy, gateway);
  }

  /** Where pages reach it; names of buckets go in front of the host. */
  get endpoint() {
    return this.proxy.origin.replace('127.0.0.1', 'localhost');
  }

  /** Options for an uploader that signs in the page, with credentials that it asks for. @param {number} [life] seconds */
  async store(life = LIFE) {
    const given = () => {
      this.asked += 1;
      if (this.gateway) return this.gateway.cloud.spell(this.gateway.accounts.issue(life));
      return { accessKeyId: credentials.accessKey, secretAccessKey: credentials.secretKey };
    };
    const { kind, gateway } = this;
    const place = gateway
      ? { bucket: gateway.bucket, region: gateway.cloud.region, endpoint: this.endpoint }
      : { bucket: this.world.bucket.name, region: credentials.region, endpoint: this.proxy.origin };
    return { store: { kind, ...place, credentials: await this.world.hook(given) } };
  }

  /**
   * Options for an uploader whose requests are signed by the vendor's own code.
   *
   * @param {number} expires seconds
   * @param {(url: string) => string} [change] what is done to URLs once they are signed
   */
  async signRequest(expires, change = (url) => url) {
    const { gateway, kind } = this;
    const given = gateway?.accounts.issue(LIFE);
    const signed = (/** @type {any} */ request) => {
      const { method, key, query, headers } = request;
      if (!gateway || !given) {
        const url = this.world.bucket.url(method, key, {
          query,
          headers,
          origin: this.proxy.origin,
          expires,
        });
        return { url: change(url), expires };
      }
      const origin = this.endpoint.replace('://', `://${gateway.bucket}.`);
      const place = { origin, bucket: gateway.bucket, region: gateway.cloud.region };
      return { url: change(signers[kind]?.({ ...place, given, expires, request }) ?? ''), expires };
    };
    return { kind, signRequest: await this.world.hook(signed) };
  }

  /** Options for an uploader in front of the demo server, which signs and asks for itself. */
  async signer() {
    const { gateway, kind, world } = this;
    if (!gateway) return world.signer();
    const given = gateway.accounts.issue(LIFE);
    const args = [
      ...['--kind', kind, '--region', gateway.cloud.region, '--session-token', given.token],
      ...['--access-key', given.id, '--secret-key', given.secret],
    ];
    return startSigner({ store: this.endpoint, bucket: gateway.bucket, scope: world.scope, args });
  }

  /** What the gateway refused, for a failure's message. */
  story() {
    return this.gateway ? this.gateway.refusals.slice(-10) : [];
  }
}
