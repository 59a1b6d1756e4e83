/** Whose requests a cloud takes: temporary credentials, as its token service would give them out. */
import { randomBytes } from 'node:crypto';

/** @typedef {{ id: string, secret: string, token: string, end: number }} Given `end` in milliseconds since 1970 */

/** All credentials given out. */
export class Accounts {
  /** @type {Map<string, Given>} */
  #given = new Map();

  /** New credentials. @param {number} seconds until they end @returns {Given} */
  issue(seconds) {
    const given = {
      id: `AKID${randomBytes(12).toString('hex')}`,
      secret: `SKe2e${randomBytes(24).toString('base64')}`,
      // As long as real ones, and with the characters that have to be encoded.
      token: `STSe2e${randomBytes(90).toString('base64')}+/=`,
      end: Date.now() + seconds * 1000,
    };
    this.#given.set(given.id, given);
    return given;
  }

  /** The credentials of that name, ended or not. @param {string | undefined} id */
  find(id) {
    return this.#given.get(id ?? '');
  }

  /** Ends all credentials given out so far, before their time. */
  end() {
    for (const given of this.#given.values()) given.end = 0;
  }
}
