/** Places the names beside the marks of the scatter so that they do not cover each other. Pure; pixels. */

/** A mark with the text that wants to stand beside it. */
export interface LabelRequest {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** Where a text stands; null: there is no room, the name is in the tooltip and the table. */
export interface LabelPlace {
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'end';
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Mean width of a character at 11 px, and the height of a line. */
const CHARACTER = 6.1;
const LINE = 13;

function boxOf(place: LabelPlace, text: string): Box {
  const width = text.length * CHARACTER;
  const left = place.anchor === 'start' ? place.x : place.x - width;
  return { left, right: left + width, top: place.y - LINE + 3, bottom: place.y + 3 };
}

const overlap = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/**
 * Tries four corners of each mark, first come first served: right above, left above, right below, left below.
 * @param area within which texts must stay
 */
export function placeLabels(requests: readonly LabelRequest[], area: Box): Map<string, LabelPlace | null> {
  const taken: Box[] = requests.map(({ x, y }) => ({ left: x - 7, right: x + 7, top: y - 6, bottom: y + 6 }));
  const places = new Map<string, LabelPlace | null>();
  for (const { id, x, y, text } of requests) {
    const candidates: LabelPlace[] = [
      { x: x + 9, y: y - 8, anchor: 'start' },
      { x: x - 9, y: y - 8, anchor: 'end' },
      { x: x + 9, y: y + 16, anchor: 'start' },
      { x: x - 9, y: y + 16, anchor: 'end' },
    ];
    const fits = (place: LabelPlace): boolean => {
      const box = boxOf(place, text);
      const inside =
        box.left >= area.left && box.right <= area.right && box.top >= area.top - LINE && box.bottom <= area.bottom;
      return inside && !taken.some((other) => overlap(box, other));
    };
    const place = candidates.find(fits) ?? null;
    if (place !== null) taken.push(boxOf(place, text));
    places.set(id, place);
  }
  return places;
}
