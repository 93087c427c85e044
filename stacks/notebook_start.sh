#!/bin/bash
# Runs as root at every start of the notebook instance; stacks/notebook.py fills in what stands between @ signs. SageMaker does not
# start a notebook whose script fails or takes more than five minutes: so whatever can is done in the background, and by the user,
# as root runs nothing from the volume that is the user's. The tests run all of it with stand-ins for what only AWS has.
# https://docs.aws.amazon.com/sagemaker/latest/dg/notebook-lifecycle-config.html
set -u

# For terminals and kernels. The client's commands come last on the PATH: SageMaker's own environments stay what they are.
cat > /etc/profile.d/training-events.sh <<'END'
@VARIABLES@
export TRAINING_EVENTS_SPOOL='/home/ec2-user/SageMaker/.training-events/spool'
export PATH="$PATH:/home/ec2-user/SageMaker/.training-events/environment/bin"
END
systemctl --no-block restart jupyter-server  # it reads the profile when it starts

cat > /usr/local/bin/training-events-install <<'INSTALL'
#!/bin/bash
# Installs the training-events client: in the background at every start, and again when called. install.log has what it said.
set -eu -o pipefail
wheel='@WHEEL@' wheel_sha256=@WHEEL_SHA256@
example='@EXAMPLE@' example_sha256=@EXAMPLE_SHA256@
home=/home/ec2-user/SageMaker # the volume, which outlives a stop; all else, SageMaker's environments too, is new at every start
place=$home/.training-events
environment=$place/environment
mkdir -p "$place/spool"
exec 9> "$place/lock"
flock 9
{
  trap '[ $? = 0 ] || echo "The client is not as it should be. To try again: training-events-install"' EXIT

  # Brings what the stack deployed, unless it is here; what somebody else has put in its place is refused.
  fetch() { # uri sha256
    file=$place/$(basename "$1")
    echo "$2  $file" | sha256sum --check --status 2> /dev/null && return
    aws s3 cp --only-show-errors "$1" "$file.new"
    echo "$2  $file.new" | sha256sum --check --quiet
    mv "$file.new" "$file"
  }

  register() {
    "$environment/bin/python" -m ipykernel install --user --name training-events --display-name "Python 3 (training-events)"
  }

  # What an earlier start installed is there at once, whatever becomes of the rest.
  installed=$(cat "$environment/installed" 2> /dev/null || true)
  if [ -n "$installed" ]; then
    register
  fi

  fetch "$wheel" "$wheel_sha256"
  if [ "$installed" != "$wheel_sha256" ]; then
    if ! "$environment/bin/python" -m pip --version > /dev/null 2>&1; then # not made yet, or half
      rm -rf "$environment"
      # The client needs Python 3.11; SageMaker's own environments have the Python that they have.
      conda=/home/ec2-user/anaconda3/bin/conda
      "$conda" create --yes --quiet --prefix "$environment" --override-channels --channel conda-forge python=3.12 pip
    fi
    with_commands=$file'[cli]'
    "$environment/bin/python" -m pip install --quiet "$with_commands" ipykernel scikit-learn
    # Once more by itself: pip leaves a version that is installed as it is, whatever is in it.
    "$environment/bin/python" -m pip install --quiet --force-reinstall --no-deps "$file"
    echo "$wheel_sha256" > "$environment/installed"
    register
  fi

  # Once it is there the example is the user's: a newer one is put beside it.
  fetch "$example" "$example_sha256"
  target=$home/train_digits.ipynb
  if [ -e "$target" ] && [ "$(cat "$place/placed" 2> /dev/null)" != "$example_sha256" ]; then
    target=$home/train_digits-$(echo "$example_sha256" | head -c 8).ipynb
  fi
  if [ ! -e "$target" ]; then
    sed 's/"name": "python3"/"name": "training-events"/' "$file" > "$target"
  fi
  echo "$example_sha256" > "$place/placed"

  "$environment/bin/training-events" flush || true # what waited in the spool when the notebook was stopped
  echo "The client is installed."
} 2>&1 | tee "$place/install.log"
INSTALL
chmod 755 /usr/local/bin/training-events-install
nohup sudo -u ec2-user -i /usr/local/bin/training-events-install > /dev/null 2>&1 < /dev/null &
exit 0
