import { Alert, Button, Group, Modal, NativeSelect, NumberInput, Stack, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAdopt } from '../api/mutations';
import type { Adoption, Stranger } from '../api/types';
import { buildingName, floorName } from '../i18n/place';
import { useBuildings } from '../shell/hooks';

/** Fire devices report at least daily; an hour fits the chatty kinds. A person may change it. */
const FIRST_GUESS: Adoption = { name: '', building: '', floor: '', zone: '', expect_every_s: 3600 };

/** A building with known floors takes no other; elsewhere the person writes what the sign says. */
function FloorInput({ building, floor, choose }: { building: string; floor: string; choose: (floor: string) => void }) {
  const { t } = useTranslation();
  const floors = useBuildings().get(building)?.floors ?? [];
  const shared = {
    label: t('device.quarantine.floor'),
    value: floor,
    onChange: (event: { currentTarget: { value: string } }) => choose(event.currentTarget.value),
  };
  if (floors.length === 0) return <TextInput {...shared} maxLength={20} />;
  const choices = floors.map((value) => ({ value, label: floorName(t, value) }));
  return <NativeSelect {...shared} data={[{ value: '', label: '' }, ...choices]} />;
}

function Form({ stranger, close }: { stranger: Stranger; close: () => void }) {
  const { t } = useTranslation();
  const buildings = useBuildings();
  const adopt = useAdopt();
  const [adoption, setAdoption] = useState(FIRST_GUESS);
  const change = (part: Partial<Adoption>) => setAdoption((known) => ({ ...known, ...part }));
  const names = [...buildings.keys()].map((value) => ({ value, label: buildingName(t, value, buildings) }));

  const done = () => {
    const name = adoption.name.trim() || stranger.device;
    notifications.show({ message: t('device.quarantine.done', { name }), color: 'teal' });
    close();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        adopt.mutate({ device: stranger.device, adoption }, { onSuccess: done });
      }}
    >
      <Stack>
        {adopt.error && (
          <Alert color="red" title={t('device.quarantine.failed')} role="alert">
            {adopt.error.message}
          </Alert>
        )}
        <TextInput
          label={t('device.quarantine.name')}
          value={adoption.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
          maxLength={100}
          required
          data-autofocus
        />
        <NativeSelect
          label={t('device.quarantine.building')}
          value={adoption.building}
          onChange={(event) => change({ building: event.currentTarget.value, floor: '' })}
          data={[{ value: '', label: t('device.quarantine.none') }, ...names]}
        />
        <FloorInput building={adoption.building} floor={adoption.floor} choose={(floor) => change({ floor })} />
        <TextInput
          label={t('device.quarantine.zone')}
          value={adoption.zone}
          onChange={(event) => change({ zone: event.currentTarget.value })}
          maxLength={100}
        />
        <NumberInput
          label={t('device.quarantine.expect')}
          description={t('device.quarantine.expectHint')}
          value={adoption.expect_every_s}
          onChange={(value) => change({ expect_every_s: Number(value) || 0 })}
          min={0}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t('cancel')}
          </Button>
          <Button type="submit" loading={adopt.isPending}>
            {t('device.quarantine.submit')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Give an unknown device its name and place. */
export function AdoptDialog({ stranger, close }: { stranger: Stranger | null; close: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={stranger !== null}
      onClose={close}
      title={t('device.quarantine.adoptTitle', { device: stranger?.device })}
      closeButtonProps={{ 'aria-label': t('close') }}
      centered
    >
      {stranger && <Form stranger={stranger} close={close} />}
    </Modal>
  );
}
