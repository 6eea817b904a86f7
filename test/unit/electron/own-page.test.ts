import { describe, expect, it } from 'vitest';
import { isOwnPage, isPermitted } from '../../../main/electron/own-page.ts';

describe("the studio's own page", () => {
  it('is every address at app://lapidary', () => {
    expect(isOwnPage('app://lapidary/index.html')).toBe(true);
    expect(isOwnPage('app://lapidary/assets/index.js?x=1')).toBe(true);
  });

  it.each([
    'https://lapidary/',
    'app://lapidary.example/',
    'app://elsewhere/index.html',
    'file:///index.html',
    'about:srcdoc',
    'app://lapidary@elsewhere/',
    '',
  ])('is not %s', (url) => {
    expect(isOwnPage(url)).toBe(false);
  });

  it('may copy text and reach the engine on this machine, and nothing else', () => {
    // Electron hands over an origin with the slash or without it, or the whole address.
    for (const origin of ['app://lapidary', 'app://lapidary/', 'app://lapidary/index.html']) {
      expect(isPermitted('clipboard-sanitized-write', origin)).toBe(true);
      expect(isPermitted('loopback-network', origin)).toBe(true);
      for (const permission of ['clipboard-read', 'media', 'geolocation', 'notifications', 'local-network', 'usb']) {
        expect(isPermitted(permission, origin)).toBe(false);
      }
    }
  });

  it('gives other pages nothing', () => {
    for (const origin of ['https://example.org', 'null', '']) {
      expect(isPermitted('clipboard-sanitized-write', origin)).toBe(false);
    }
  });
});
