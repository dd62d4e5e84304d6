import { useQuery } from '@tanstack/react-query';
import { openAlertsQuery } from '../api/queries';
import { Failed, Loading } from '../shell/states';
import { LiveList } from './LiveList';

export default function LivePage() {
  const open = useQuery(openAlertsQuery);
  if (open.data) return <LiveList list={open.data} />;
  if (open.error) return <Failed error={open.error} retry={() => void open.refetch()} />;
  return <Loading />;
}
