/**
 * Ceph RGW on loopback: one monitor, one OSD that keeps objects in memory, one gateway; no systemd, no manager, no
 * authentication between them. Needs the Debian packages ceph-mon, ceph-osd, radosgw and ceph-common.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../files.mjs';
import { freePort } from '../ports.mjs';
import { run, start } from '../process.mjs';
import { credentials } from '../s3.mjs';
import { until } from '../until.mjs';
import { shared } from './shared.mjs';

/** How long a daemon may take on a busy machine, and how often it is asked; milliseconds. */
const PATIENCE = { within: 180_000, every: 500 };
/** Of the OSD. */
const MOST_STARTS = 50;

/**
 * @param {import('../cleanup.mjs').Scope} scope
 * @returns {Promise<import('./index.mjs').Server>}
 */
export async function rgw(scope) {
  const folder = await temporaryFolder('rgw-', scope);
  const [monitor, gateway] = [await freePort(), await freePort()];
  for (const name of ['mon', 'osd', 'run', 'log']) await mkdir(join(folder, name));
  const env = { CEPH_CONF: join(folder, 'ceph.conf') };
  const ids = { cluster: randomUUID(), osd: randomUUID() };
  await writeFile(env.CEPH_CONF, configuration(folder, ids.cluster, monitor, gateway));
  const keyring = join(folder, 'keyring');
  const map = join(folder, 'monmap');
  const all = ['--cap', 'osd', 'allow *', '--cap', 'mgr', 'allow *'];
  const command = (/** @type {string} */ line, /** @type {string[]} */ ...more) => {
    const [program = '', ...args] = line.split(' ');
    return run(program, [...args, ...more], { env });
  };
  await command(`ceph-authtool --create-keyring ${keyring} --gen-key -n mon.`, '--cap', 'mon', 'allow *');
  await command(`ceph-authtool ${keyring} --gen-key -n client.admin`, '--cap', 'mon', 'allow *', ...all);
  await command(
    `monmaptool --create --clobber --fsid ${ids.cluster} --addv a [v1:127.0.0.1:${monitor}] ${map}`,
  );
  await command(`ceph-mon --mkfs -i a --monmap ${map} --keyring ${keyring}`);

  // These say nothing when they are ready; they are asked instead.
  const daemon = (/** @type {string} */ program, /** @type {string[]} */ args) =>
    start(program, args, { ready: /^/, env, scope });
  await daemon('ceph-mon', ['-i', 'a', '-f']);
  const answer = (/** @type {string} */ line) => command(`ceph --connect-timeout 5 ${line}`).catch(() => '');
  await until(() => answer('mon stat'), { what: 'the Ceph monitor', ...PATIENCE });
  // Repeating it changes nothing, and right after its start the monitor may refuse.
  await until(() => answer(`osd new ${ids.osd}`), { what: 'the Ceph monitor to take an OSD', ...PATIENCE });
  await command(`ceph-osd -i 0 --mkfs --osd-uuid ${ids.osd}`);
  let osd = await daemon('ceph-osd', ['-i', '0', '-f']);
  let starts = 1;
  const isUp = async () => {
    if (!osd.alive()) {
      // Its first command may overtake the monitor's map, several times in a row on a busy machine; it is then told `wrong fsid`
      // and ends.
      if ((starts += 1) > MOST_STARTS) throw new Error(`ceph-osd ended:\n${osd.output()}`);
      osd = await daemon('ceph-osd', ['-i', '0', '-f']);
    }
    return (await answer('osd stat')).includes('1 up');
  };
  await until(isUp, { what: 'the Ceph OSD', ...PATIENCE });
  const { accessKey, secretKey } = credentials;
  const keys = ['--access-key', accessKey, '--secret-key', secretKey];
  await command('radosgw-admin user create --uid=demo --display-name=demo', ...keys);
  const origin = `http://127.0.0.1:${gateway}`;
  const reachable = () =>
    fetch(origin).then(
      ({ ok }) => ok,
      () => false,
    );
  // Stopped and started without the daemons that hold the data.
  return shared(origin, async () => {
    const running = await daemon('radosgw', ['-f', '-n', 'client.admin']);
    await until(reachable, { what: 'the Ceph gateway', ...PATIENCE });
    return running;
  });
}

/**
 * @param {string} folder
 * @param {string} cluster
 * @param {number} monitor
 * @param {number} gateway
 */
function configuration(folder, cluster, monitor, gateway) {
  return `[global]
fsid = ${cluster}
mon_initial_members = a
mon_host = v1:127.0.0.1:${monitor}
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
auth_allow_insecure_global_id_reclaim = true
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
osd_objectstore = memstore
crush_location = root=default host=local
memstore_device_bytes = 12884901888
osd_data = ${folder}/osd
mon_data = ${folder}/mon
mon_data_avail_crit = 1
keyring = ${folder}/keyring
run_dir = ${folder}/run
admin_socket =
log_file = ${folder}/log/$name.log
pid_file = ${folder}/run/$name.pid
rgw_frontends = beast endpoint=127.0.0.1:${gateway}
rgw_dns_name = localhost
rgw_thread_pool_size = 64
# Some stores take smaller parts than S3.
rgw_multipart_min_part_size = 65536
# What a scenario removed must not take memory during the next one.
rgw_gc_obj_min_wait = 1
rgw_gc_processor_period = 5
rgw_gc_processor_max_time = 5
`;
}
