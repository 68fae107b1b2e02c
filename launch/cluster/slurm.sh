#!/usr/bin/env bash
# A search on a Slurm allocation: starts Ray on its nodes, searches, and ends Ray with the job.
#
#   sbatch launch/cluster/slurm.sh demo --out "$HOME/runs/first" --checkpoints "$HOME/checkpoints"
#                                                                     submit; the arguments are those of `nas search`
#   tail -f chamnas-JOBID.log; nas status "$HOME/runs/first"          follow
#   scancel JOBID                                                     stop; nothing that was trained is lost
#   sbatch ...                                                        the same line: continue, also after the time limit
#
# The run folder, the checkpoints (a lost node's trials go on from them), the token and the Python environment must lie on
# a file system that all nodes share. For 800 GPUs: sbatch --nodes=100 ... Options on the command line win over those below.
#SBATCH --job-name=chamnas
#SBATCH --output=chamnas-%j.log
#SBATCH --open-mode=append
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=64
#SBATCH --time=24:00:00
#SBATCH --requeue
set -euo pipefail
[ $# -gt 0 ] || { echo "usage: sbatch $0 EXPERIMENT --out RUN [options of nas search]" >&2; exit 2; }

# source "$HOME/chamnas/.venv/bin/activate"    # whatever puts `nas` and `ray` into PATH

# A token of your own: other users of these nodes reach Ray's ports, and whoever is let in can run anything as you.
# It lies in ~/.ray/auth_token, readable by you alone, and in no command line.
export RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0
umask 077
ray get-auth-token --generate > /dev/null

nodes=$(scontrol show hostnames "$SLURM_JOB_NODELIST")
head=${nodes%%$'\n'*}
address="$head:$((20000 + SLURM_JOB_ID % 10000))"  # a port that two jobs on one node do not share
scratch="/tmp/ray-$SLURM_JOB_ID"                   # short: Ray makes sockets there, whose paths may have 107 characters
common=(--num-cpus="${SLURM_CPUS_PER_TASK:-1}" --num-gpus="${SLURM_GPUS_ON_NODE:-0}" --temp-dir="$scratch"
        --disable-usage-stats --block)

trap 'kill $(jobs -p) 2> /dev/null || true' EXIT  # Ray ends with the search

srun --nodes=1 --ntasks=1 --nodelist="$head" --overlap \
    ray start --head --port="${address##*:}" --dashboard-host=127.0.0.1 "${common[@]}" &
for _ in $(seq 60); do
    ray status --address="$address" > /dev/null 2>&1 && break
    sleep 2
done
if [ "$SLURM_JOB_NUM_NODES" -gt 1 ]; then
    srun --nodes=$((SLURM_JOB_NUM_NODES - 1)) --ntasks=$((SLURM_JOB_NUM_NODES - 1)) --exclude="$head" --overlap \
        ray start --address="$address" "${common[@]}" &
fi

# A trial for each GPU, or for each CPU where there are none; nodes that join late are used when they come. What you give
# comes last and wins.
gpus=$((SLURM_JOB_NUM_NODES * ${SLURM_GPUS_ON_NODE:-0}))
slots=(--workers "$((gpus > 0 ? gpus : SLURM_JOB_NUM_NODES * ${SLURM_CPUS_PER_TASK:-1}))")
[ "$gpus" -eq 0 ] || slots+=(--gpus-per-trial 1 --cpus-per-trial "$((${SLURM_CPUS_PER_TASK:-1} / SLURM_GPUS_ON_NODE))")
nas search --address "$address" "${slots[@]}" "$@"
