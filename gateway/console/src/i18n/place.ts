import type { TFunction } from 'i18next';
import type { Building, Place } from '../api/types';

export type Buildings = ReadonlyMap<string, Building>;

/** Words that only say "building". What is left of a plain name is its number. */
const BUILDING_WORDS = /号楼|栋|幢|座|building|bldg|block|b|no|[#\s._-]/gi;
const BASEMENT = /^(?:b|-)0*(\d)f?$/i;
const STOREY = /^(?:f|l)?0*(\d{1,3})(?:f|层|楼)?$/i;

/** "3", "b3", "building 3", "3号楼", "3号楼 Building 3" all mean building 3, said in the reader's language. */
function buildingNumber(name: string): string | undefined {
  const numbers = new Set((name.match(/\d+/g) ?? []).map(Number));
  const rest = name.replaceAll(/\d+/g, '').replaceAll(BUILDING_WORDS, '');
  return numbers.size === 1 && !rest ? String([...numbers][0]) : undefined;
}

export function buildingName(t: TFunction, id: string, buildings?: Buildings): string {
  const given = buildings?.get(id)?.name || id;
  const number = buildingNumber(given);
  return number ? t('place.building', { name: number }) : given;
}

export function floorName(t: TFunction, floor: string): string {
  const basement = BASEMENT.exec(floor)?.[1];
  if (basement) return t('place.basement', { name: basement });
  const storey = STOREY.exec(floor)?.[1];
  return storey ? t('place.floor', { name: storey }) : floor;
}

export type Somewhere = Pick<Place, 'building' | 'floor' | 'zone'>;

/** "Building 3, floor 12, lobby" in the reader's language; what is not known is left out. */
export function placeName(t: TFunction, place: Somewhere, buildings?: Buildings): string {
  const parts = [
    place.building && buildingName(t, place.building, buildings),
    place.floor && floorName(t, place.floor),
    place.zone,
  ].filter(Boolean);
  return parts.length ? parts.join(t('place.separator')) : t('place.unknown');
}
